//! Test doubles for pentad: scripted transport, manual clock, fault injection.
