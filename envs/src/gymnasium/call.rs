//! [`call`]: calls of Python functions that are safe while the interpreter ends.
//!
//! Before version 3.14, Python unwinds a daemon thread (`pthread_exit`) that takes the lock of an interpreter that is ending.
//! A thread takes the lock inside a call of Python, and unwinding the frames of Rust below that call aborts the process. Here
//! such a thread is parked instead, as Python 3.14 does; the process ends without it.

use std::cell::Cell;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use pyo3::exceptions::PySystemExit;
use pyo3::prelude::*;
use pyo3::types::{PyCFunction, PyDict, PyString, PyTuple};

/// Whether the functions of `atexit` are being called.
static ENDING: AtomicBool = AtomicBool::new(false);
/// Threads that are in a [`Section`] and not in [`call`].
static EXPOSED: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static EXPOSED_HERE: Cell<bool> = const { Cell::new(false) };
    /// Whether this thread ends the interpreter.
    static ENDS: Cell<bool> = const { Cell::new(false) };
}

/// Sets whether this thread is counted among those exposed; returns whether it was.
fn expose(exposed: bool) -> bool {
    let was = EXPOSED_HERE.replace(exposed);
    match (was, exposed) {
        (false, true) => drop(EXPOSED.fetch_add(1, Ordering::SeqCst)),
        (true, false) => drop(EXPOSED.fetch_sub(1, Ordering::SeqCst)),
        _ => {}
    }
    was
}

/// A stretch of native code that calls Python again and again.
///
/// Before the interpreter ends, it waits until every section of a daemon thread is left or is inside [`call`], which then
/// returns `SystemExit`.
#[derive(Debug)]
pub struct Section {
    was: bool,
}

impl Section {
    /// Begins a section on this thread; dropping it ends the section.
    ///
    /// # Errors
    /// An exception raised by the module `atexit`.
    pub fn enter(py: Python<'_>) -> PyResult<Self> {
        static REGISTER: Once = Once::new();
        let mut registered = Ok(());
        REGISTER.call_once(|| registered = register(py));
        registered?;
        Ok(Section { was: expose(true) })
    }
}

impl Drop for Section {
    fn drop(&mut self) {
        expose(self.was);
    }
}

fn register(py: Python<'_>) -> PyResult<()> {
    let end = PyCFunction::new_closure(py, None, None, |arguments, _| wait_for_others(arguments.py()))?;
    py.import("atexit")?.call_method1("register", (end,))?;
    Ok(())
}

/// Waits until no other thread is exposed. What such a thread does until then is short; the limit is for one that is not.
fn wait_for_others(py: Python<'_>) {
    const MOST: Duration = Duration::from_secs(10);
    ENDS.set(true);
    ENDING.store(true, Ordering::SeqCst);
    let own = usize::from(EXPOSED_HERE.get());
    let begin = Instant::now();
    while EXPOSED.load(Ordering::SeqCst) > own && begin.elapsed() < MOST {
        py.detach(|| std::thread::sleep(Duration::from_millis(1)));
    }
}

/// Parks the thread when it is dropped, which unwinding does.
#[cfg(unix)]
struct Park;

#[cfg(unix)]
impl Drop for Park {
    fn drop(&mut self) {
        loop {
            std::thread::park();
        }
    }
}

/// Calls `callable`; the thread is parked if the interpreter ends meanwhile.
///
/// # Errors
/// An exception raised by the callable. `SystemExit` in a [`Section`] if the interpreter is about to end, unless this thread
/// ends it.
pub fn call<'py>(
    callable: &Bound<'py, PyAny>,
    arguments: impl IntoPyObject<'py, Target = PyTuple, Output = Bound<'py, PyTuple>>,
    keywords: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    let arguments = arguments.into_pyobject(callable.py()).map_err(Into::into)?;
    let was = expose(false);
    let result = guarded(callable, &arguments, keywords);
    expose(was);
    if was && ENDING.load(Ordering::SeqCst) && !ENDS.get() {
        return Err(PySystemExit::new_err("the interpreter ends"));
    }
    result
}

/// [`call`] of a method.
///
/// # Errors
/// As [`call`], and if there is no such method.
pub fn call_method<'py>(
    object: &Bound<'py, PyAny>,
    name: &Bound<'py, PyString>,
    arguments: impl IntoPyObject<'py, Target = PyTuple, Output = Bound<'py, PyTuple>>,
    keywords: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    call(&object.getattr(name)?, arguments, keywords)
}

#[cfg(unix)]
fn guarded<'py>(
    callable: &Bound<'py, PyAny>,
    arguments: &Bound<'py, PyTuple>,
    keywords: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    use pyo3::ffi::PyObject;
    // Declared again, because the compiler may assume that PyO3's declaration never unwinds.
    #[allow(clashing_extern_declarations)]
    unsafe extern "C-unwind" {
        fn PyObject_Call(
            callable: *mut PyObject,
            arguments: *mut PyObject,
            keywords: *mut PyObject,
        ) -> *mut PyObject;
    }
    let keywords = keywords.map_or(std::ptr::null_mut(), |keywords| keywords.as_ptr());
    let park = Park;
    // SAFETY: the interpreter is attached, the objects live as long as the call, the result is a new reference or null with
    // an exception set.
    let result = unsafe {
        let result = PyObject_Call(callable.as_ptr(), arguments.as_ptr(), keywords);
        Bound::from_owned_ptr_or_err(callable.py(), result)
    };
    std::mem::forget(park);
    result
}

/// On other systems there is no unwinding to catch.
#[cfg(not(unix))]
fn guarded<'py>(
    callable: &Bound<'py, PyAny>,
    arguments: &Bound<'py, PyTuple>,
    keywords: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    callable.call(arguments, keywords)
}
