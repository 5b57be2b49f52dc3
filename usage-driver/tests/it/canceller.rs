//! Cancelling from another task or thread.

use std::future::pending;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Wake, Waker};

use allocation_counter::measure;
use usage_driver::Canceller;

#[test]
fn a_canceller_without_clones_allocates_nothing() {
    let memory = measure(|| {
        let mut canceller = Canceller::default();
        assert!(!canceller.is_cancelled());
        let wait = pin!(canceller.run_until_cancelled(pending::<()>()));
        assert!(wait.poll(&mut Context::from_waker(Waker::noop())).is_pending());
    });
    assert_eq!(memory.count_total, 0);
}

#[test]
fn a_canceller_prints_whether_it_was_used() {
    let canceller = Canceller::default();
    assert_eq!(format!("{canceller:?}"), "Canceller { cancelled: false }");
    canceller.cancel();
    assert_eq!(format!("{canceller:?}"), "Canceller { cancelled: true }");
}

#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn any_clone_wakes_a_sleeping_driver() {
    let (canceller, first, second) = (Canceller::default(), Arc::new(Woken::default()), Arc::default());
    canceller.wakes(&Arc::clone(&first).into());
    // Another task drives it.
    canceller.wakes(&Arc::<Woken>::clone(&second).into());
    canceller.clone().cancel();
    assert!(canceller.is_cancelled());
    assert_eq!((first.0.load(Ordering::SeqCst), second.0.load(Ordering::SeqCst)), (0, 1));
}
