//! How an environment was made and begun, so that one like it can be made that draws itself.

use pyo3::prelude::*;
use sorn_env::Options;

use super::frame::MODE;
use super::making::{self, Unmade};
use crate::{EnvSpec, Kwargs, PythonWrapper};

/// What an environment was made of, beside its id.
pub(super) struct Recipe {
    pub(super) kwargs: Kwargs,
    pub(super) wrappers: Vec<PythonWrapper>,
}

/// Arguments of a reset.
pub(super) struct Reset {
    pub(super) seed: Option<u64>,
    pub(super) options: Option<Options>,
}

impl Recipe {
    /// The environment with the mode in which it draws itself. Some look at the mode only while they are made.
    pub(super) fn make_drawing<'py>(
        &self,
        py: Python<'py>,
        id: &str,
    ) -> Result<(Bound<'py, PyAny>, EnvSpec), Unmade> {
        let mut kwargs = self.kwargs.clone();
        kwargs.insert("render_mode".into(), MODE.into());
        making::make(py, id, &kwargs, &self.wrappers)
    }
}
