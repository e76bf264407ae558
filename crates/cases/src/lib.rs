//! Behaviour cases: the same story told to the embedded server, to a server over TCP and to a real service.
//!
//! A case is a named function that takes the stage of its service and panics where the service behaves otherwise.

pub mod ams;
pub mod connect;
pub mod ivcap;
pub mod openstack;
pub mod trove;
pub mod zaqar;
