//! Metrics of the process: its memory and open files, under the names that Prometheus' own client libraries use.

use metrics::Gauge;

/// The gauges of the process. They are set when somebody requests the metrics, and only on Linux.
pub struct ProcessGauges {
    /// Memory in use, in bytes.
    pub resident: Gauge,
    /// Open files, including connections.
    pub open_files: Gauge,
    /// The limit on open files.
    pub max_files: Gauge,
}

impl ProcessGauges {
    /// Sets the gauges. A value that the system does not report stays unchanged.
    pub fn read(&self) {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        if let Some(kilobytes) = number_after(&status, "VmRSS:") {
            self.resident.set(kilobytes * 1024.0);
        }
        if let Ok(files) = std::fs::read_dir("/proc/self/fd") {
            // One of the open files is the folder that is being listed.
            self.open_files.set(files.count().saturating_sub(1) as f64);
        }
        let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
        if let Some(limit) = number_after(&limits, "Max open files") {
            self.max_files.set(limit);
        }
    }
}

/// Returns the first number on the line that begins with `prefix`.
fn number_after(text: &str, prefix: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(prefix))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::number_after;

    #[test]
    fn a_number_is_read_from_the_line_that_begins_with_its_name() {
        let status = "Name:\tkeepopen\nVmRSS:\t   51234 kB\n";
        assert_eq!(number_after(status, "VmRSS:"), Some(51_234.0));
        assert_eq!(
            number_after(
                "Max open files            1024                 524288               files",
                "Max open files"
            ),
            Some(1024.0)
        );
        assert_eq!(number_after(status, "VmSwap:"), None);
    }
}
