//! [`attach`]: a thread that is none of Python's keeps one thread state for all its calls.

use pyo3::ffi;
use pyo3::prelude::*;

/// What a thread owes the interpreter when it ends.
struct ThreadState {
    /// Whether it was made here; a thread of Python's, or the one that started the interpreter, has one already.
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
            // Nothing is owed where the interpreter has ended.
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

/// [`Python::attach`], which on a thread that is none of Python's makes a thread state for each call and unmakes it behind it:
/// 10 us, twice what a step of CartPole takes.
pub(super) fn attach<R>(call: impl for<'py> FnOnce(Python<'py>) -> R) -> R {
    // While the thread ends there is none to keep.
    let _ = STATE.try_with(|_| ());
    Python::attach(call)
}
