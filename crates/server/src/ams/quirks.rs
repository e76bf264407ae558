//! Every difference between the strict and the relaxed mode. Nothing else in this module branches on the mode.

/// Oddities of the released service that are kept in strict mode only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quirk {
    /// 11.5: an oversized message is answered 500 `Backend Error` instead of 413.
    OversizeIsBackendError,
    /// 9.2: deleting an unknown user answers 200; update and refresh answer the first user of the database.
    UnknownUserIsFirstUser,
    /// 11.2: `modifyAcl` of an unknown topic answers 200 when the users are fine.
    AclOfUnknownTopicIsFine,
    /// 12.7: an offset out of bounds is stored although the answer is 400.
    RefusedOffsetIsStored,
    /// 12.3: a topic reference needs only one of its two literals.
    HalfTopicReference,
    /// 12.5: a waiting pull holds up the other pulls on its topic.
    PullLocksTopic,
    /// 13.1: a push configuration without `type` is refused.
    PushTypeRequired,
    /// 13.1: changing or verifying a push configuration resets `base64Decode`.
    Base64DecodeForgotten,
}

/// The oddities in force.
pub(crate) type Quirks = crate::quirks::Quirks<Quirk>;
