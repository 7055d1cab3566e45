package io.claritystream.base.http;

import java.util.List;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/// `clarity.http.*`.
///
/// @param bodyMax the largest request body that is read
/// @param hosts names that the platform answers to besides that of `clarity.public-url`,
///     `localhost` and its own address: `name` or `name:port`, as a proxy in front sends them in
///     `Host`
@ConfigurationProperties(prefix = "clarity.http", ignoreUnknownFields = false)
record HttpProperties(@DefaultValue("1MB") DataSize bodyMax, @DefaultValue List<String> hosts) {}
