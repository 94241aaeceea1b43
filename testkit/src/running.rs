//! Runs the program as a separate process.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;

/// A running program. It is killed when this value is dropped.
#[derive(Debug)]
pub struct Running {
    child: Child,
    lines: Receiver<String>,
    /// The thread that reads the log to its end, so that the program never blocks when it logs.
    reader: Option<JoinHandle<()>>,
}

impl Running {
    /// Starts the program. Its log is what it writes to standard error.
    pub fn start(command: &mut Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let (line_sender, lines) = channel();
        let log = BufReader::new(child.stderr.take().unwrap());
        let reader = std::thread::spawn(move || {
            for line in log.lines().map_while(Result::ok) {
                // An error means that the receiver is already dropped.
                let _ = line_sender.send(line);
            }
        });
        Self { child, lines, reader: Some(reader) }
    }

    /// Reads the log until a line contains this text. Returns all lines up to it.
    pub fn logs_until(&self, text: &str) -> String {
        let mut log = String::new();
        while !log.contains(text) {
            let Ok(line) = self.lines.recv() else {
                panic!("the program ended without logging {text:?}; its log: {log}")
            };
            assert!(!line.contains("panicked"), "{line}");
            log.push_str(&line);
            log.push('\n');
        }
        log
    }

    /// Reads the log until a line contains this text. Returns that line.
    pub fn log_line_with(&self, text: &str) -> String {
        self.logs_until(text).lines().next_back().unwrap().to_owned()
    }

    /// Reads a line of the program's standard output. The command that started the program must have piped it.
    pub fn read_stdout_line(&mut self) -> String {
        let mut line = String::new();
        BufReader::new(self.child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        line
    }

    /// The id of the process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether the program has ended.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Sends SIGTERM to the program.
    pub fn tell_to_stop(&self) {
        let kill = format!("kill -TERM {}", self.child.id());
        assert!(Command::new("/bin/sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// Kills the program, as if it had crashed.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.reader.take().unwrap().join().unwrap();
    }

    /// Waits until the program ends. Returns its exit status.
    pub fn wait_for_exit(&mut self) -> Option<i32> {
        self.read_rest_of_log();
        self.child.wait().unwrap().code()
    }

    /// Sends SIGTERM and waits until the program ends. Returns its exit status.
    pub fn stop(&mut self) -> Option<i32> {
        self.tell_to_stop();
        self.wait_for_exit()
    }

    /// Sends SIGTERM and waits until the program ends, which it must do with status 0. Returns the rest of the log.
    pub fn stop_and_read_log(&mut self) -> String {
        self.tell_to_stop();
        let rest = self.read_rest_of_log();
        assert_eq!(self.child.wait().unwrap().code(), Some(0), "{rest}");
        rest
    }

    fn read_rest_of_log(&self) -> String {
        let rest: String = self.lines.iter().map(|line| line + "\n").collect();
        assert!(!rest.contains("panicked"), "{rest}");
        rest
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Errors are ignored. The program still runs if an assertion failed; otherwise, it has usually ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
