//! The local server of pentad: the services, their data and their quirks in one process.
