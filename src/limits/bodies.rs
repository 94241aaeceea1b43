//! Limits how many request bodies may be arriving at the same time, and how many of their bytes are in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// The bodies that are still arriving. If there are too many, or they have too many bytes, the oldest are cut off. An
/// honest client finishes within moments, so the oldest bodies belong to the slowest clients.
pub struct Bodies {
    max_bodies: usize,
    max_bytes: usize,
    arriving: Mutex<Arriving>,
}

#[derive(Default)]
struct Arriving {
    /// The bodies by number. The one with the smallest number is the oldest.
    bodies: BTreeMap<u64, Body>,
    bytes: usize,
    next_number: u64,
}

struct Body {
    bytes: usize,
    /// Notified when the body is cut off.
    cut_off: Arc<Notify>,
}

/// A body that is still arriving. It is counted until this value is dropped.
pub struct ArrivingBody<'a> {
    bodies: &'a Bodies,
    number: u64,
    /// Notified when the body is cut off.
    cut_off: Arc<Notify>,
}

impl Bodies {
    /// Allows at most `max_bodies` bodies, which have at most `max_bytes` bytes in total.
    pub fn at_most(max_bodies: usize, max_bytes: usize) -> Self {
        Self { max_bodies, max_bytes, arriving: Mutex::default() }
    }

    /// Starts to count a new body, of which `bytes` bytes have arrived.
    pub fn arriving(&self, bytes: usize) -> ArrivingBody<'_> {
        let cut_off = Arc::new(Notify::new());
        let mut arriving = self.lock();
        let number = arriving.next_number;
        arriving.next_number += 1;
        arriving.bodies.insert(number, Body { bytes, cut_off: Arc::clone(&cut_off) });
        arriving.bytes += bytes;
        self.cut_off_oldest(&mut arriving);
        ArrivingBody { bodies: self, number, cut_off }
    }

    /// Cuts off the oldest bodies until the limits are met.
    fn cut_off_oldest(&self, arriving: &mut Arriving) {
        while arriving.bodies.len() > self.max_bodies || arriving.bytes > self.max_bytes {
            let Some((_, oldest)) = arriving.bodies.pop_first() else { return };
            arriving.bytes -= oldest.bytes;
            oldest.cut_off.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Arriving> {
        // No code panics while it holds the lock.
        self.arriving.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ArrivingBody<'_> {
    /// Counts `bytes` more bytes of the body.
    pub fn grow(&self, bytes: usize) {
        let mut arriving = self.bodies.lock();
        if let Some(body) = arriving.bodies.get_mut(&self.number) {
            body.bytes += bytes;
            arriving.bytes += bytes;
            self.bodies.cut_off_oldest(&mut arriving);
        }
    }

    /// Resolves when the body is cut off.
    pub async fn until_cut_off(&self) {
        self.cut_off.notified().await;
    }
}

impl Drop for ArrivingBody<'_> {
    fn drop(&mut self) {
        let mut arriving = self.bodies.lock();
        if let Some(body) = arriving.bodies.remove(&self.number) {
            arriving.bytes -= body.bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Waker};

    use super::*;

    fn is_cut_off(body: &ArrivingBody<'_>) -> bool {
        pin!(body.until_cut_off()).poll(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    #[test]
    fn the_oldest_body_is_cut_off_when_there_are_too_many() {
        let bodies = Bodies::at_most(2, 1000);
        let (one, two) = (bodies.arriving(1), bodies.arriving(1));
        assert!(!is_cut_off(&one) && !is_cut_off(&two));
        let three = bodies.arriving(1);
        assert!(is_cut_off(&one) && !is_cut_off(&two) && !is_cut_off(&three));
        drop(two);
        let four = bodies.arriving(1);
        assert!(!is_cut_off(&three) && !is_cut_off(&four));
    }

    #[test]
    fn the_oldest_bodies_are_cut_off_when_there_are_too_many_bytes() {
        let bodies = Bodies::at_most(100, 1000);
        let (one, two) = (bodies.arriving(400), bodies.arriving(400));
        two.grow(200);
        assert!(!is_cut_off(&one) && !is_cut_off(&two));
        two.grow(1);
        assert!(is_cut_off(&one) && !is_cut_off(&two));
        one.grow(5000);
        assert!(!is_cut_off(&two), "a body that is cut off must not be counted");
        drop((one, two));
        assert_eq!(bodies.lock().bytes, 0);
        let large = bodies.arriving(1001);
        assert!(is_cut_off(&large));
    }
}
