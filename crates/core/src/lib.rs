//! Vocabulary and policy of pentad's clients: errors, operations, awaitables, retry, authorization, time.
