"""What the conformance tests share: the server under test and ways to reach it."""
