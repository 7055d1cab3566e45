/// What happens now, to whoever watches now. [LiveHub] carries messages from where they arise to
/// the streams of the same tenant, within this process and through [LiveHub.Elsewhere] in others.
/// It keeps nothing: who was not watching asks the API, and who cannot keep up is told the newest
/// of each thing.
///
/// Owns no tables.
@ApplicationModule(
    id = "base.live",
    allowedDependencies = {"base.db"})
@NullMarked
package io.claritystream.base.live;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
