/// Which parts of the one program this process runs: `clarity.roles`, a list, `all` by default. A
/// bean marked [RunsAs] exists only where its role was asked for. And how a process ends that
/// cannot go on: [LastResort].
///
/// Owns no tables.
@ApplicationModule(
    id = "base.process",
    allowedDependencies = {})
@NullMarked
package io.claritystream.base.process;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
