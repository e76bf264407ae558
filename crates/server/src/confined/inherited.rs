//! What this process was given by whoever started the server.

/// The first descriptor that is none of the three that every program has.
const FIRST: i32 = 3;

/// Sees to it that nothing but standard input, output and error stays open in what this process starts: files and sockets
/// that the server was started with are none of a foreign program's business. To be called while there is one thread.
pub(super) fn let_go() {
    close_fds::set_fds_cloexec(FIRST, &[]);
}
