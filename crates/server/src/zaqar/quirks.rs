//! Every difference between the strict and the relaxed mode. Nothing else in this module branches on the mode.

/// Oddities of the reference server that are kept in strict mode only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quirk {
    /// 2.5: a body without a declared length (chunked) counts as absent.
    ChunkedBodyIsAbsent,
    /// 4: statistics of a queue whose messages are all delayed are refused with 503.
    StatsOfDelayedFail,
    /// 4: the ttl of dead letters changes the number that is shown, and not when they end.
    DeadLettersKeepTheirEnd,
    /// 10.2: `ttl: null` of a new subscription is answered 500 instead of counting as absent.
    NullSubscriptionTtlFails,
    /// 10.5: any answer to the first try counts as delivery, errors too; and after a later try that went well the rest of
    /// the post is not sent.
    AnyFirstAnswerCounts,
    /// 12.2: actions that are named but not there end the connection, and so does `authenticate` where nobody asks for it.
    EmptyActionsEndTheConnection,
    /// 5: v1 and v1.1 know no roles, and v1 no need of a project, also where tokens say both.
    OldVersionsTakeAnyToken,
    /// 6.4: the limit of metadata is asked of each patch, and not of what comes of it.
    PatchesGrowMetadata,
    /// 9.3: a signed path is a regular expression, and admits every path that it is found in.
    SignedPathsAreExpressions,
    /// 12.3: a signed URL of one queue admits the messages of every queue of the project.
    SignedPathsAreForAllQueues,
}

/// The oddities in force.
pub(crate) type Quirks = crate::quirks::Quirks<Quirk>;
