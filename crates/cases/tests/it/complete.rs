//! Nothing of the service is without a case.

use std::collections::BTreeSet;

use pentad_ams::ops;

use crate::stage::Recorder;

/// The exchange of a certificate for a token needs a TLS listener; the tests of the facade and of conformance log in with it.
const ELSEWHERE: [&str; 1] = ["ams.authn"];

/// Checks that the cases had a good answer of every operation.
pub(crate) fn check(recorder: &Recorder) {
    let known: BTreeSet<&str> =
        ops::OPS.iter().map(|op| op.id).filter(|id| !ELSEWHERE.contains(id)).collect();
    let seen = recorder.seen();
    let missing: Vec<_> = known.difference(&seen).collect();
    assert!(missing.is_empty(), "no case has a good answer of {missing:?}");
}
