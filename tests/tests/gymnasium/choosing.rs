//! Which interpreter runs: this test program starts itself anew, with other environment variables.

use std::path::{Path, PathBuf};
use std::process::Command;

use sorn_envs::gymnasium::interpreter;

/// What the child is to print, and nothing in an ordinary run.
const CHILD: &str = "SORN_TEST_PRINT_INTERPRETER";

#[test]
fn child() {
    if std::env::var_os(CHILD).is_some() {
        match interpreter() {
            Ok(info) => println!("{info:?}"),
            Err(error) => println!("refused: {error}"),
        }
    }
}

fn ask(variables: &[(&str, &Path)]) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["choosing::child", "--exact", "--nocapture"]).env(CHILD, "1");
    for name in ["SORN_PYTHON", "VIRTUAL_ENV", "CONDA_PREFIX"] {
        command.env_remove(name);
    }
    let output = command.envs(variables.iter().copied()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn python() -> PathBuf {
    std::env::var_os(sorn_tests::VARIABLE).expect(sorn_tests::VARIABLE).into()
}

fn prefix_of(python: &Path) -> PathBuf {
    let output = Command::new(python).args(["-c", "import sys; print(sys.prefix)"]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().into()
}

#[test]
fn the_one_of_the_active_environment() {
    let prefix = prefix_of(&python());
    for variable in [("SORN_PYTHON", python()), ("VIRTUAL_ENV", prefix.clone())] {
        let answer = ask(&[(variable.0, &variable.1)]);
        assert!(answer.contains(&format!("prefix: {prefix:?}")), "{answer}");
        assert!(answer.contains("gymnasium: Some(\"1.") && answer.contains("numpy: Some("), "{answer}");
    }
}

/// Two environments of one Python differ in their packages: each is seen as it is.
#[test]
fn an_environment_without_gymnasium() {
    let folder = tempfile::tempdir().unwrap();
    let venv = folder.path().join("ünïcode venv");
    let made = Command::new(python()).args(["-m", "venv", "--without-pip"]).arg(&venv).status().unwrap();
    assert!(made.success());
    let answer = ask(&[("VIRTUAL_ENV", &venv)]);
    assert!(answer.contains("ünïcode venv") && answer.contains("gymnasium: None"), "{answer}");
}

#[test]
fn one_that_is_none_is_refused() {
    let answer = ask(&[("SORN_PYTHON", Path::new("no/such/python"))]);
    assert!(answer.contains("refused: SORN_PYTHON names the Python interpreter no/such/python"), "{answer}");
    let answer = ask(&[("SORN_PYTHON", Path::new("true"))]);
    assert!(
        answer.contains("refused: SORN_PYTHON names the Python interpreter true, which does not run"),
        "{answer}"
    );
    // A program that answers, but with other things.
    let answer = ask(&[("SORN_PYTHON", Path::new("/bin/ls"))]);
    assert!(
        answer.contains("interpreter /bin/ls, which does not run: it does not answer as Python does"),
        "{answer}"
    );
    let answer = ask(&[("VIRTUAL_ENV", Path::new("no/venv"))]);
    assert!(answer.contains("refused: VIRTUAL_ENV names the Python interpreter no/venv"), "{answer}");
}

#[test]
fn the_nearest_choice_counts() {
    let named = |variables: &[(&str, &str)]| {
        let paths: Vec<_> = variables.iter().map(|(name, path)| (*name, Path::new(path))).collect();
        ask(&paths)
    };
    let (own, venv, conda) = (("SORN_PYTHON", "mine"), ("VIRTUAL_ENV", "env"), ("CONDA_PREFIX", "conda"));
    assert!(named(&[venv, conda, own]).contains("refused: SORN_PYTHON names the Python interpreter mine"));
    assert!(named(&[conda, venv]).contains("refused: VIRTUAL_ENV names the Python interpreter env"));
    assert!(named(&[conda]).contains("refused: CONDA_PREFIX names the Python interpreter conda"));
    assert!(named(&[("SORN_PYTHON", ""), conda]).contains("refused: CONDA_PREFIX"));
    assert!(named(&[]).contains("python: \"3."), "that of the build");
}

/// A program that answers as a Python of another version would.
#[cfg(unix)]
#[test]
fn another_version_is_refused() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let fake = folder.path().join("python");
    std::fs::write(&fake, "#!/bin/sh\necho sorn asked\necho /opt/python\necho cpython\necho 3.7\n").unwrap();
    std::fs::set_permissions(&fake, std::fs::Permissions::from_mode(0o755)).unwrap();
    let answer = ask(&[("SORN_PYTHON", &fake)]);
    assert!(answer.contains("which is cpython 3.7, but this program was built with Python 3."), "{answer}");
    assert!(answer.contains("PYO3_PYTHON="), "{answer}");
}
