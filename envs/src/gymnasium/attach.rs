//! [`attach`]: a thread not created by Python keeps one thread state for all its calls.

use pyo3::ffi;
use pyo3::prelude::*;

/// The thread state that a thread must release when it ends.
struct ThreadState {
    /// Whether it was made here. A thread of Python, or the one that started the interpreter, already has a thread state.
    ours: bool,
}

impl ThreadState {
    fn keep() -> Self {
        // SAFETY: `attach` is called where an interpreter runs. A thread without a state is not attached, so that it may take
        // the lock; the state stays, with a count of one, after the lock is given back.
        unsafe {
            let ours = ffi::PyGILState_GetThisThreadState().is_null();
            if ours {
                ffi::PyGILState_Ensure();
                ffi::PyEval_SaveThread();
            }
            ThreadState { ours }
        }
    }
}

impl Drop for ThreadState {
    fn drop(&mut self) {
        if self.ours {
            // If the interpreter has ended, there is nothing to release.
            // SAFETY: the thread is attached, and its state counts two: `keep`, and this. `LOCKED` takes one away and leaves
            // the lock; the end of `try_attach` takes the other, and with it the state.
            Python::try_attach(|_| unsafe {
                ffi::PyGILState_Release(ffi::PyGILState_STATE::PyGILState_LOCKED)
            });
        }
    }
}

thread_local! {
    static STATE: ThreadState = ThreadState::keep();
}

/// [`Python::attach`] with a lasting thread state. On a thread not created by Python, the original makes and destroys a thread
/// state at each call, which takes 10 us, twice as long as a step of CartPole.
pub(super) fn attach<R>(call: impl for<'py> FnOnce(Python<'py>) -> R) -> R {
    // A thread that is ending has no thread state to keep.
    let _ = STATE.try_with(|_| ());
    Python::attach(call)
}
