/// Who speaks on the link, and how it is proven: names inside certificates, the pairing code, the
/// PEM files that programs leave for each other, and the two TLS hooks that need no restart when a
/// certificate is renewed.
///
/// Authority: the platform's own certificate authority and nothing else. No public authority is
/// trusted on the link, and no host name is: a peer is what the URI in its certificate says.
///
/// ```
/// agent    spiffe://clarity/tenant/<uuid>/agent/<uuid>
/// edge     spiffe://clarity/edge/<name>
/// gateway  spiffe://clarity/gateway
/// ```
@NullMarked
package io.claritystream.protocol.identity;

import org.jspecify.annotations.NullMarked;
