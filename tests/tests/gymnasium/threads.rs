//! Threads that Python did not start.

use sorn_env::{Env, Value};
use sorn_envs::Kwargs;
use sorn_envs::gymnasium::GymnasiumEnv;

use crate::start_python;

#[test]
fn a_thread_is_the_same_to_python_in_every_call_until_it_ends() {
    start_python();
    let mut env = GymnasiumEnv::make("peers.odd_envs:Threaded-v0", &Kwargs::new(), &[]).unwrap();
    for ended in 0..3 {
        env = std::thread::spawn(move || {
            let (_, info) = env.reset(None, None).unwrap();
            assert_eq!(info["ended"], Value::Int(ended));
            for count in 1..=5 {
                assert_eq!(env.step(&Value::Int(0)).unwrap().info["steps"], Value::Int(count));
            }
            env
        })
        .join()
        .unwrap();
    }
}

#[test]
fn threads_that_make_environments_of_one_package_get_whole_modules() {
    start_python();
    let make = |id| move || GymnasiumEnv::make(id, &Kwargs::new(), &[]).map(drop);
    GymnasiumEnv::make("peers.odd_envs:Told-v0", &Kwargs::new(), &[]).unwrap();
    let threads =
        ["peers.odd_envs:Knotted-v0", "peers.odd_envs:KnottedToo-v0"].map(make).map(std::thread::spawn);
    for thread in threads {
        thread.join().unwrap().unwrap();
    }
}
