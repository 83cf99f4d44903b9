//! The Python interpreter inside this process.

use std::ffi::{CStr, CString};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use pyo3::prelude::*;
use pyo3::{ffi, intern};

use super::watch::watch;

/// Environment variables that name an interpreter, or an environment that holds one, the first set one first.
const SELECTORS: [&str; 3] = ["SORN_PYTHON", "VIRTUAL_ENV", "CONDA_PREFIX"];

/// The reason why there is no interpreter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InterpreterError {
    /// The chosen interpreter does not run.
    #[error("{from} names the Python interpreter {}, which does not run: {reason}", python.display())]
    DoesNotRun {
        /// The variable that chose it, or what else did.
        from: String,
        /// The interpreter.
        python: PathBuf,
        /// The message of the interpreter or of the system.
        reason: String,
    },
    /// The version of the chosen interpreter differs from that of the library this program is linked with.
    #[error(
        "{from} names {}, which is {found}, but this program was built with Python {linked}: \
         choose an environment with Python {linked}, or build again with PYO3_PYTHON={}",
        python.display(), python.display()
    )]
    Version {
        /// The variable that chose it, or what else did.
        from: String,
        /// The interpreter.
        python: PathBuf,
        /// Implementation and version found.
        found: String,
        /// Version of the library linked.
        linked: String,
    },
    /// The interpreter started, but could not be prepared.
    #[error("the Python interpreter {} started, but failed: {reason}", python.display())]
    Failed {
        /// The interpreter.
        python: PathBuf,
        /// The exception.
        reason: String,
    },
}

/// The running interpreter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterpreterInfo {
    /// `sys.executable`.
    pub executable: String,
    /// `sys.prefix`: the virtual environment, where there is one.
    pub prefix: String,
    /// Version of Python, e.g. `3.11.7`.
    pub python: String,
    /// Version of Gymnasium, or `None` if it is not installed.
    pub gymnasium: Option<String>,
    /// Version of NumPy, or `None` if it is not installed.
    pub numpy: Option<String>,
}

/// Starts an interpreter if none runs in this process.
///
/// The one used is, in this order: `python`; the program that `SORN_PYTHON` names; that of the environment `VIRTUAL_ENV`, then
/// `CONDA_PREFIX`; the one this program was built with. Its packages are those that it sees itself, then modules in the current
/// folder. It leaves signals to this program, and what it prints goes to the standard error. The process is watched from then on
/// ([`watch`]). Only the first call decides.
///
/// # Errors
/// [`InterpreterError`] if the interpreter does not run, or its version differs from that of the linked library.
pub fn initialize(python: Option<&Path>) -> Result<(), InterpreterError> {
    static STARTED: OnceLock<Result<(), InterpreterError>> = OnceLock::new();
    // SAFETY: may be called at any time, from any thread.
    if STARTED.get().is_none() && unsafe { ffi::Py_IsInitialized() } != 0 {
        return Ok(());
    }
    STARTED.get_or_init(|| start(choose(python))).clone()
}

/// The interpreter in use; starts one if none runs.
///
/// # Errors
/// Those of [`initialize`].
pub fn interpreter() -> Result<InterpreterInfo, InterpreterError> {
    initialize(None)?;
    Python::attach(info).map_err(|error| InterpreterError::Failed {
        python: PathBuf::from("python"),
        reason: error.to_string(),
    })
}

fn info(py: Python<'_>) -> PyResult<InterpreterInfo> {
    let sys = py.import("sys")?;
    let metadata = py.import("importlib.metadata")?;
    let version = |package| metadata.call_method1("version", (package,)).and_then(|v| v.extract()).ok();
    let text = |name| sys.getattr(name).map(|value| value.to_string());
    let python = text("version")?.split_whitespace().next().unwrap_or_default().to_string();
    Ok(InterpreterInfo {
        executable: text("executable")?,
        prefix: text("prefix")?,
        python,
        gymnasium: version("gymnasium"),
        numpy: version("numpy"),
    })
}

struct Choice {
    from: String,
    python: PathBuf,
}

fn choose(python: Option<&Path>) -> Choice {
    if let Some(python) = python {
        return Choice { from: "the caller".into(), python: python.into() };
    }
    for name in SELECTORS {
        if let Some(value) = std::env::var_os(name).filter(|value| !value.is_empty()) {
            let value = PathBuf::from(value);
            let python = match (name, cfg!(windows)) {
                ("SORN_PYTHON", _) => value,
                ("CONDA_PREFIX", true) => value.join("python.exe"),
                (_, true) => value.join("Scripts").join("python.exe"),
                _ => value.join("bin").join("python"),
            };
            return Choice { from: name.into(), python };
        }
    }
    Choice { from: "the build".into(), python: env!("SORN_BUILD_PYTHON").into() }
}

/// Asked of the interpreter itself: what it is called (not the shim that starts it), and what it is.
const QUESTION: &str = "import sys, sysconfig
print('sorn asked')
print(sys.executable)
print(sys.implementation.name)
print('.'.join(map(str, sys.version_info[:2])) + ('t' if sysconfig.get_config_var('Py_GIL_DISABLED') else ''))";

#[cfg(unix)]
unsafe extern "C" {
    /// Of the stable ABI, but not declared by pyo3.
    static mut Py_UTF8Mode: std::ffi::c_int;
}

fn start(choice: Choice) -> Result<(), InterpreterError> {
    let Choice { from, python } = choice;
    let refuse =
        |reason: String| InterpreterError::DoesNotRun { from: from.clone(), python: python.clone(), reason };
    let output = Command::new(&python)
        .args(["-I", "-c", QUESTION])
        .output()
        .map_err(|e: io::Error| refuse(e.to_string()))?;
    let answer = String::from_utf8_lossy(&output.stdout);
    let lines: Vec<&str> = answer.lines().collect();
    // Other output of the program may come before.
    let [.., "sorn asked", executable, implementation, version] = lines[..] else {
        let said = String::from_utf8_lossy(&output.stderr);
        let said =
            [said.lines().next(), lines.first().copied()].into_iter().flatten().find(|line| !line.is_empty());
        let reason = format!("it does not answer as Python does ({}", output.status);
        return Err(refuse(said.map_or(format!("{reason})"), |said| format!("{reason}, {said:?})"))));
    };
    let linked = linked_version();
    if implementation != "cpython" || version != linked {
        let found = format!("{implementation} {version}");
        return Err(InterpreterError::Version { from, python, found, linked });
    }
    let failed = |reason: String| InterpreterError::Failed { python: executable.into(), reason };
    let path = CString::new(executable).map_err(|e| failed(e.to_string()))?;
    // SAFETY: no interpreter runs, as `initialize` saw, and only one thread comes here. `Py_DecodeLocale` may be called before
    // there is one; its copy of the path is never freed, as Python wants it. 0: the signal handlers stay this program's. The
    // thread state that is saved is never needed again: every thread attaches for itself.
    unsafe {
        // As the program `python` does where the locale is "C"; an embedded interpreter would read and write ASCII there.
        #[cfg(unix)]
        {
            Py_UTF8Mode = 1;
        }
        let name = ffi::Py_DecodeLocale(path.as_ptr(), std::ptr::null_mut());
        if name.is_null() {
            return Err(failed("its path cannot be read as text".into()));
        }
        // Deprecated, but of the stable ABI; the configuration structure that replaced it is not.
        #[allow(deprecated)]
        ffi::Py_SetProgramName(name);
        ffi::Py_InitializeEx(0);
        ffi::PyEval_SaveThread();
    }
    Python::attach(prepare).map_err(|error| failed(error.to_string()))
}

fn prepare(py: Python<'_>) -> PyResult<()> {
    let sys = py.import("sys")?;
    // Appended last, so that a file in the current folder does not hide a package.
    sys.getattr("path")?.call_method1(intern!(py, "append"), ("",))?;
    // The standard output is reserved for results.
    sys.setattr("stdout", sys.getattr("stderr")?)?;
    // `threading` regards the thread that imports it as the main thread.
    py.import("threading")?;
    watch(py)
}

/// `3.11` of the library in this process, with a `t` where it is free-threaded.
fn linked_version() -> String {
    // SAFETY: returns a static C string and may be called before Python starts.
    let text = unsafe { CStr::from_ptr(ffi::Py_GetVersion()) }.to_string_lossy();
    let number = text.split_whitespace().next().unwrap_or_default();
    let mut parts = number.split('.');
    let short = [parts.next().unwrap_or_default(), parts.next().unwrap_or_default()].join(".");
    let suffix = if text.contains("free-threading") { "t" } else { "" };
    format!("{short}{suffix}")
}
