//! The HTTP stack of pentad's clients: connections, TLS, proxies, time limits, decompression.
