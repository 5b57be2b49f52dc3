//! The poll machine against a model: the operations of `usage_core::fuzzing::operations`, drawn at random.

use proptest::prelude::*;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};
use usage_core::error::{Sent, TransportKind};
use usage_core::fuzzing::operations::{Operation, REFUSALS, Twins};

fn operation() -> impl Strategy<Value = Operation> {
    let kinds =
        prop::sample::select(vec![TransportKind::Connect, TransportKind::Timeout, TransportKind::Reset]);
    let sent = prop::sample::select(vec![Sent::No, Sent::Maybe]);
    let refusal = (prop::sample::select(&REFUSALS), prop::option::of(any::<u8>()));
    prop_oneof![
        12 => Just(Operation::Next),
        12 => Just(Operation::Answer),
        3 => Just(Operation::NotDone),
        2 => refusal.prop_map(|(status, after)| Operation::Refuse(status, after)),
        2 => (kinds, sent).prop_map(|(kind, sent)| Operation::Break(kind, sent)),
        2 => Just(Operation::LateAnswer),
        8 => (0u32..10_000).prop_map(Operation::Pass),
        1 => (0u32..10_000_000).prop_map(Operation::StepBack),
        2 => Just(Operation::Reborn),
        1 => Just(Operation::Cancel),
    ]
}

/// The operations do not depend on each other. [`Twins`] asserts their properties.
#[derive(Clone, Debug)]
struct Any;

impl ReferenceStateMachine for Any {
    type State = Self;
    type Transition = Operation;

    fn init_state() -> BoxedStrategy<Self> {
        Just(Self).boxed()
    }

    fn transitions(_: &Self) -> BoxedStrategy<Operation> {
        operation().boxed()
    }

    fn apply(state: Self, _: &Operation) -> Self {
        state
    }
}

struct Machines;

impl StateMachineTest for Machines {
    type SystemUnderTest = Twins;
    type Reference = Any;

    fn init_test(_: &Any) -> Twins {
        Twins::default()
    }

    fn apply(mut twins: Twins, _: &Any, operation: Operation) -> Twins {
        twins.apply(&operation);
        twins
    }
}

prop_state_machine! {
    #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_doubled_or_submitted_twice(sequential 1..60 => Machines);
}
