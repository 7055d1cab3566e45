/// Secrets at rest.
///
/// One master key, a Tink keyset in the file `clarity.crypto.master-key-file` (mode 0600),
/// encrypts a fresh key for each value ([Keyring]); the value is bound to its purpose and id, so
/// that a stored value copied over another cannot be decrypted. The keys that make the platform
/// itself, its certificate authority and its token signing keys, are kept that way in the
/// database ([PlatformKeys]).
///
/// The file is made only when it is absent and nothing encrypted is stored yet. A file that is
/// lost, or is another one, ends the start with one sentence ([MasterKeyFault]): going on would
/// make new keys beside the old, and cut off every agent.
///
/// Owns `control.platform_key`.
@ApplicationModule(
    id = "base.crypto",
    allowedDependencies = {"base.db"})
@NullMarked
package io.claritystream.base.crypto;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
