//! Random sequences of user actions, against a model in memory: after each step the server and the model
//! agree about paths, links, shares, the trash and the space used.

mod reference;
mod step;
mod system;

use std::sync::atomic::Ordering;

use proptest::test_runner::{Config, TestCaseError, TestRunner};
use proptest_state_machine::ReferenceStateMachine;

use crate::{agree::assert_agreement, moves::assert_is_tree, server::Server};
use reference::Model;
use system::System;

const SEQUENCES: u32 = 10;
const STEPS: usize = 30;

#[test]
fn the_server_agrees_with_a_model_after_every_step() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(async { Server::start() });
    let config = Config {
        cases: SEQUENCES,
        max_shrink_iters: 200,
        failure_persistence: None,
        ..Config::default()
    };
    let users = std::cell::Cell::new(0);
    let sequences = Model::sequential_strategy(STEPS / 2..STEPS);
    let outcome = TestRunner::new(config).run(&sequences, |(_, steps, seen)| {
        users.set(users.get() + 1);
        let user = server.user(&format!("user{}@example.com", users.get()));
        let mut system = System::new(&server, user);
        let mut model = Model::default();
        for step in &steps {
            // proptest uses this count to shrink a failing sequence.
            if let Some(seen) = &seen {
                seen.fetch_add(1, Ordering::SeqCst);
            }
            let expected = model.apply(step);
            let found = runtime.block_on(system.apply(&model, step, expected));
            found
                .map_err(|difference| TestCaseError::fail(format!("at {step:?}: {difference}")))?;
        }
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
    runtime.block_on(async {
        assert_is_tree(&server).await;
        assert_agreement(&server).await;
    });
}
