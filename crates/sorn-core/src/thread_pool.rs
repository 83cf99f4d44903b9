//! Threads that share the work of a step.
//!
//! A step of a large network takes some milliseconds and has a few parts that can be shared. Starting a thread for each part, or
//! waking one through a queue, would cost more than it saves. The helpers here spin for some microseconds before they sleep, and
//! passing a job to them does not allocate.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread::JoinHandle;

use crate::fork;

/// Number of spins before a thread sleeps, which take some tens of microseconds.
const SPINS: u32 = 1000;

/// The caller's thread and its helpers.
pub(crate) struct ThreadPool {
    threads: usize,
    /// Locked by the network that uses the helpers. A network and its copies share them.
    helpers: Mutex<Helpers>,
}

/// The threads other than the caller's, and the state that they share with it.
#[derive(Default)]
struct Helpers {
    shared: Arc<Shared>,
    handles: Vec<JoinHandle<()>>,
    /// The process that started the threads. A forked child has a copy of this struct, but none of the threads.
    process: u64,
}

/// The state that the helpers and the caller share.
#[derive(Default)]
struct Shared {
    job: Mutex<Job>,
    /// The job's number, which can be read without the lock.
    number: AtomicU64,
    called: Condvar,
    /// Number of helpers that have not finished the job.
    left: AtomicUsize,
    done: Condvar,
}

#[derive(Default)]
struct Job {
    number: u64,
    work: Option<Work>,
    stop: bool,
    failure: Option<Box<dyn Any + Send>>,
}

/// The function that every thread calls with its number.
#[derive(Clone, Copy)]
struct Work(&'static (dyn Fn(usize) + Sync));

impl Helpers {
    /// Helpers for a pool of `threads`; fewer if the system does not start more.
    fn start(threads: usize) -> Self {
        let shared = Arc::new(Shared::default());
        let helper = |number: usize| {
            let shared = Arc::clone(&shared);
            let thread = std::thread::Builder::new().name(format!("reservoir {number}"));
            thread.spawn(move || shared.help(number)).ok()
        };
        let process = fork::process();
        Helpers { handles: (1..threads).map_while(helper).collect(), shared, process }
    }

    /// Whether this is a child forked from the process that started the threads.
    fn left_behind(&self) -> bool {
        !self.handles.is_empty() && self.process != fork::process()
    }

    /// Forgets the threads of another process: their locks may be held, and joining or detaching them is undefined behaviour.
    fn forget(&mut self) {
        std::mem::take(&mut self.handles).into_iter().for_each(std::mem::forget);
        std::mem::forget(std::mem::take(&mut self.shared));
    }

    /// Calls `work` on every thread with the thread's number, and returns when all calls have returned.
    fn all(&self, work: &(dyn Fn(usize) + Sync)) {
        // SAFETY: this function returns or unwinds only after all helpers have finished, so no helper calls `work` later.
        let work = Work(unsafe {
            std::mem::transmute::<&(dyn Fn(usize) + Sync), &'static (dyn Fn(usize) + Sync)>(work)
        });
        let shared = &*self.shared;
        {
            let mut job = lock(&shared.job);
            job.number += 1;
            job.work = Some(work);
            shared.left.store(self.handles.len(), Ordering::Relaxed);
            shared.number.store(job.number, Ordering::Release);
            shared.called.notify_all();
        }
        let ours = catch_unwind(AssertUnwindSafe(|| (work.0)(0)));
        let failure = shared.wait_for_helpers();
        if let Some(failure) = ours.err().or(failure) {
            resume_unwind(failure);
        }
    }
}

impl Drop for Helpers {
    fn drop(&mut self) {
        if self.left_behind() {
            return self.forget();
        }
        {
            let mut job = lock(&self.shared.job);
            job.stop = true;
            // Ends the spinning.
            self.shared.number.store(u64::MAX, Ordering::Release);
            self.shared.called.notify_all();
        }
        for helper in self.handles.drain(..) {
            // It catches every panic.
            let _ = helper.join();
        }
    }
}

impl ThreadPool {
    /// A pool of this many threads, including the caller's. It has fewer if the system does not start as many.
    pub(crate) fn new(threads: usize) -> Self {
        ThreadPool { threads, helpers: Mutex::new(Helpers::start(threads)) }
    }

    /// Calls `task` with each of `items`, its index and its share of `values`: `width` values, or fewer for the last item. Tasks
    /// must not depend on which thread runs which item.
    pub(crate) fn share<T: Send, V: Send>(
        &self,
        items: &mut [T],
        values: &mut [V],
        width: usize,
        task: impl Fn(usize, &mut T, &mut [V]) + Sync,
    ) {
        let helpers = match self.helpers.try_lock() {
            _ if self.threads == 1 || items.len() < 2 => None,
            Ok(guard) => Some(guard),
            Err(TryLockError::Poisoned(guard)) => Some(guard.into_inner()),
            // Another network uses the helpers, or used them in the parent at the moment of the fork.
            Err(TryLockError::WouldBlock) => None,
        };
        let Some(mut helpers) = helpers else {
            let pairs = items.iter_mut().zip(values.chunks_mut(width)).enumerate();
            return pairs.for_each(|(index, (item, values))| task(index, item, values));
        };
        if helpers.left_behind() {
            helpers.forget();
            *helpers = Helpers::start(self.threads);
        }
        let threads = 1 + helpers.handles.len();
        let (items, values) = (Parts::new(items), Parts::new(values));
        helpers.all(&|thread| {
            for index in (thread..items.len).step_by(threads) {
                let start = index * width;
                if start < values.len {
                    // SAFETY: threads have distinct numbers, so each index belongs to one thread, and the shares of values
                    // do not overlap.
                    let [item] = (unsafe { items.get(index, 1) }) else { return };
                    // SAFETY: as above.
                    let values = unsafe { values.get(start, width.min(values.len - start)) };
                    task(index, item, values);
                }
            }
        });
    }
}

impl Shared {
    fn help(&self, helper: usize) {
        let mut seen = 0;
        loop {
            for _ in 0..SPINS {
                if self.number.load(Ordering::Acquire) != seen {
                    break;
                }
                std::hint::spin_loop();
            }
            let mut job = lock(&self.job);
            while job.number == seen && !job.stop {
                job = self.called.wait(job).unwrap_or_else(PoisonError::into_inner);
            }
            let Some(work) = job.work.filter(|_| !job.stop) else { return };
            seen = job.number;
            drop(job);
            let outcome = catch_unwind(AssertUnwindSafe(|| (work.0)(helper)));
            if let Err(failure) = outcome {
                lock(&self.job).failure = Some(failure);
            }
            if self.left.fetch_sub(1, Ordering::AcqRel) == 1 {
                // Under the lock, so that the caller does not go to sleep in between.
                let _order = lock(&self.job);
                self.done.notify_one();
            }
        }
    }

    fn wait_for_helpers(&self) -> Option<Box<dyn Any + Send>> {
        for _ in 0..SPINS {
            if self.left.load(Ordering::Acquire) == 0 {
                break;
            }
            std::hint::spin_loop();
        }
        let mut job = lock(&self.job);
        while self.left.load(Ordering::Acquire) != 0 {
            job = self.done.wait(job).unwrap_or_else(PoisonError::into_inner);
        }
        job.work = None;
        job.failure.take()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for ThreadPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThreadPool").field("threads", &self.threads).finish()
    }
}

/// A slice from which threads take parts that do not overlap.
struct Parts<T> {
    start: *mut T,
    len: usize,
}

// SAFETY: what threads get of it is as if sent to them.
unsafe impl<T: Send> Sync for Parts<T> {}

impl<T> Parts<T> {
    fn new(slice: &mut [T]) -> Self {
        Parts { start: slice.as_mut_ptr(), len: slice.len() }
    }

    /// # Safety
    /// The slice must still be borrowed, and the part must lie within it and be used by one thread only.
    #[allow(clippy::mut_from_ref)]
    unsafe fn get(&self, first: usize, len: usize) -> &mut [T] {
        debug_assert!(first + len <= self.len);
        // SAFETY: the caller guarantees it.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(first), len) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(pool: &ThreadPool, items: usize, width: usize, values: usize) {
        let (mut items, mut values) = (vec![0; items], vec![0.0; values]);
        for round in 1..50 {
            pool.share(&mut items, &mut values, width, |index, item, values| {
                *item += index + 1;
                values.iter_mut().for_each(|value| *value += (index + 1) as f64);
            });
            for (index, (item, values)) in items.iter().zip(values.chunks(width)).enumerate() {
                assert_eq!(*item, round * (index + 1));
                assert!(values.iter().all(|value| *value == (round * (index + 1)) as f64));
            }
        }
    }

    #[test]
    fn every_item_is_worked_on_once() {
        for threads in 1..6 {
            let pool = ThreadPool::new(threads);
            for (items, width, values) in [(1, 16, 16), (2, 16, 20), (4, 32, 100), (9, 16, 144)] {
                run(&pool, items, width, values);
            }
        }
    }

    #[test]
    fn helpers_that_others_have_are_done_without() {
        let pool = ThreadPool::new(3);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| run(&pool, 3, 16, 48));
            }
        });
    }

    /// A thread may be early, late, awake or asleep at any point. The test has pauses longer and shorter than the spinning, before
    /// and within the work, and pools that end at once.
    #[test]
    fn no_item_is_lost_whoever_is_late() {
        let mut x = 1_u64;
        let mut below = |n: u64| {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            x % n
        };
        let pause = |how: u64| match how {
            0 => std::thread::sleep(std::time::Duration::from_micros(300)),
            1 => std::thread::yield_now(),
            2 => (0..2 * SPINS).for_each(|_| std::hint::spin_loop()),
            _ => {}
        };
        for _ in 0..60 {
            let threads = 1 + below(4) as usize;
            let pool = ThreadPool::new(threads);
            for round in 0..below(12) {
                let mut items: Vec<(usize, u64)> = (0..1 + below(6)).map(|_| (0, below(12))).collect();
                let mut values = vec![0.0; items.len() * 2];
                pause(below(8));
                pool.share(&mut items, &mut values, 2, |index, (count, how), values| {
                    pause(*how);
                    *count += 1;
                    values.fill(index as f64);
                });
                assert!(items.iter().all(|(count, _)| *count == 1), "round {round} of {threads} threads");
                assert!(values.iter().enumerate().all(|(place, value)| *value == (place / 2) as f64));
            }
        }
    }

    #[test]
    fn a_panic_reaches_the_caller_and_the_pool_goes_on() {
        let pool = ThreadPool::new(2);
        for bad in 0..2 {
            let work = || {
                pool.share(&mut [0, 0], &mut [0.0; 2], 1, |index, _, _| {
                    assert_ne!(index, bad, "for the test")
                });
            };
            assert!(catch_unwind(AssertUnwindSafe(work)).is_err());
            run(&pool, 2, 16, 32);
        }
    }

    /// Whether `work` succeeds in a forked child. The alarm ends a child that hangs.
    #[cfg(unix)]
    fn child_does(work: impl FnOnce()) -> bool {
        // SAFETY: the C library prepares its allocator and threads for the child, and the standard library has no state
        // that a fork would break.
        unsafe {
            match libc::fork() {
                0 => {
                    libc::alarm(60);
                    let done = catch_unwind(AssertUnwindSafe(work));
                    libc::_exit(i32::from(done.is_err()))
                }
                child => {
                    let mut status = -1;
                    libc::waitpid(child, &mut status, 0);
                    status == 0
                }
            }
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_forked_child_has_helpers_of_its_own() {
        let pool = ThreadPool::new(3);
        run(&pool, 9, 16, 144);
        assert!(child_does(|| {
            run(&pool, 9, 16, 144);
            assert_eq!(lock(&pool.helpers).handles.len(), 2);
        }));
        run(&pool, 9, 16, 144);
    }

    #[cfg(unix)]
    #[test]
    fn a_forked_child_can_drop_what_it_has_not_used() {
        let mut pool = Some(ThreadPool::new(3));
        assert!(child_does(|| drop(pool.take())));
        run(&ThreadPool::new(2), 2, 16, 32);
    }

    #[cfg(unix)]
    #[test]
    fn a_forked_child_does_without_helpers_that_were_at_work() {
        let pool = ThreadPool::new(3);
        let _at_work = lock(&pool.helpers);
        assert!(child_does(|| run(&pool, 9, 16, 144)));
    }
}
