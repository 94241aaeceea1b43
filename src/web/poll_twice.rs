//! Reads the available part of a request's body without registering for a wake-up, which is the runtime's notice that
//! more has arrived.
//!
//! The server polls a handler as soon as it has the request's head. The body usually follows in the same buffer.
//! The server then passes on the body, and polls the handler again. If a handler has registered for a wake-up, the
//! server checks the connection once more after the response, although nothing new has arrived. That check is a tenth
//! of the cost of a banner request.
//!
//! Therefore handlers do not register for a wake-up before they read the first part of a body. Instead, one task per
//! server thread wakes the handlers that were not polled again, such as those of pipelined requests. The task runs once
//! for all connections that had something to read, and usually finds no waiting handler.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use actix_web::error::PayloadError;
use actix_web::web::{Bytes, Payload};
use futures_core::Stream;

/// The next item of a body's stream.
type Read = Option<Result<Bytes, PayloadError>>;

/// Reads the part of the body that is available now. If there is none, waits until the handler is polled again, and
/// reads what is available then. Returns `Poll::Pending` if nothing has arrived by the second poll either.
pub async fn poll_twice(payload: &mut Payload) -> Poll<Read> {
    let mut waiting = None;
    poll_fn(|context| {
        let mut payload = Pin::new(&mut *payload);
        if waiting.take().is_some() {
            return Poll::Ready(payload.poll_next(context));
        }
        let read = payload.as_mut().poll_next(&mut Context::from_waker(Waker::noop()));
        if read.is_pending() {
            waiting = Some(Waiting::new(context.waker()));
            return Poll::Pending;
        }
        Poll::Ready(read)
    })
    .await
}

thread_local! {
    /// The waiting handlers: the number of each, and the waker that polls it again.
    static WAITING: RefCell<Vec<(u64, Waker)>> = const { RefCell::new(Vec::new()) };
    static NEXT_NUMBER: Cell<u64> = const { Cell::new(0) };
    static TASK: RefCell<Task> = const { RefCell::new(Task::None) };
}

/// The task that wakes waiting handlers.
enum Task {
    /// The task is not spawned.
    None,
    /// The task is spawned, but not polled yet.
    Begins,
    /// The task waits. This waker wakes it.
    Waits(Waker),
}

/// A handler that waits to be polled again. It stops waiting when this value is dropped.
struct Waiting(u64);

impl Waiting {
    fn new(waker: &Waker) -> Self {
        let number = NEXT_NUMBER.replace(NEXT_NUMBER.get().wrapping_add(1));
        WAITING.with_borrow_mut(|waiting| waiting.push((number, waker.clone())));
        wake_task();
        Self(number)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        // When the thread ends, there is no task left to wake.
        let _ = WAITING.try_with(|waiting| {
            let mut waiting = waiting.borrow_mut();
            if let Some(index) = waiting.iter().rposition(|(number, _)| *number == self.0) {
                waiting.swap_remove(index);
            }
        });
    }
}

fn wake_task() {
    let is_running = TASK.with_borrow_mut(|task| match task {
        Task::Waits(waker) => {
            waker.wake_by_ref();
            true
        }
        Task::Begins => true,
        Task::None => {
            *task = Task::Begins;
            false
        }
    });
    if !is_running {
        actix_web::rt::spawn(WakeAll);
    }
}

/// The future of the task. Whenever it is woken, it wakes all waiting handlers.
struct WakeAll;

impl Future for WakeAll {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        TASK.with_borrow_mut(|task| {
            if !matches!(task, Task::Waits(waker) if waker.will_wake(context.waker())) {
                *task = Task::Waits(context.waker().clone());
            }
        });
        if WAITING.with_borrow(|waiting| !waiting.is_empty()) {
            WAITING.take().into_iter().for_each(|(_, waker)| waker.wake());
        }
        Poll::Pending
    }
}

impl Drop for WakeAll {
    fn drop(&mut self) {
        // The server that ran this task has ended. The thread's next server spawns its own task.
        let _ = TASK.try_with(|task| *task.borrow_mut() = Task::None);
    }
}
