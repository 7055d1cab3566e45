package io.claritystream.control.identity;

import java.util.UUID;

/// A session at hand: begun, or gone on with.
record SignedIn(
    Account account, Membership membership, UUID sessionId, RefreshToken refreshToken) {}
