/// Secrets at rest, in three storeys.
///
/// **The master key** encrypts keys and nothing else ([KeyEncryptionKey]). It is a Tink keyset in
/// a file of mode 0600 or in an environment variable, or stays in a key management service. It
/// lies outside the database. What it encrypted says its name, so that another can take its place
/// while both are at hand ([KeyMaintenance#rewrap]).
///
/// **Keys** lie in the database, encrypted under it: those that make the platform itself, its
/// certificate authority, its token signing keys and the one that tells requests apart
/// ([PlatformKeys]), and a data key for each tenant. A tenant's key is replaced by a new one at any
/// time; the ones before still decrypt.
///
/// **Values** are encrypted under the key of the tenant whose they are, and bound to tenant,
/// purpose and row ([TenantSecrets]): a stored value that was copied over another, or into another
/// tenant, cannot be decrypted.
///
/// A file is made only when it is absent and nothing encrypted is stored yet. A master key that is
/// lost, or is another one, ends the start with one sentence ([MasterKeyFault]): going on would
/// make new keys beside the old, and cut off every agent.
///
/// Owns `control.platform_key`, `control.tenant_key`.
@ApplicationModule(
    id = "base.crypto",
    allowedDependencies = {"base.db"})
@NullMarked
package io.claritystream.base.crypto;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
