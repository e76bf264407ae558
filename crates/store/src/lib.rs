//! The data engine of pentad's local server: SQLite or PostgreSQL behind one set of statements, and blobs.
