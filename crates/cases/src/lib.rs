//! Behaviour cases: the same story told to the embedded server, to a server over TCP and to a real service.
