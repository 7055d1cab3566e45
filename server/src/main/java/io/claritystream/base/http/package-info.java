/// The manners of the HTTP API, the same for every route.
///
/// Every failure is an RFC 9457 problem of the catalogue [ProblemCode], wherever it was raised: in
/// a controller, a filter, the framework or Tomcat itself. JSON is strict. Lists are a [Page] with
/// an opaque [Cursor]. A query parameter that the method does not name is refused.
///
/// Every controller method says who may call it, by [RequiresPermission] or [AnyCaller], or stands
/// on the list of [PublicRoutes]; one that does neither stops the start. [Role] holds the one
/// matrix of who may do what. A method receives its [Caller] as an argument.
///
/// A request is authenticated by an access token in `Authorization: Bearer` or in the cookie
/// `clarity_access`; `control.identity` supplies the `AuthenticationManager` that verifies it.
/// Under the cookie, methods that change something need the header and the origin of [CookieRule];
/// beside an `Authorization` header the cookies count for nothing.
///
/// Only requests that mean this server by its names are answered ([HostRule]), and every answer,
/// even of Tomcat itself, carries [SafeHeaders].
///
/// A client's address is that of its connection. Behind reverse proxies `clarity.trusted-proxies`
/// names theirs; then, and only from them, `X-Forwarded-For` says who the client is.
///
/// What is not `/v1`, `/actuator` or `/.well-known` is the web app.
///
/// Owns no tables.
@ApplicationModule(
    id = "base.http",
    allowedDependencies = {"base.db"})
@NullMarked
package io.claritystream.base.http;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
