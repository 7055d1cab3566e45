package io.claritystream.base.http;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/// `clarity.http.*`.
///
/// @param bodyMax the largest request body that is read
@ConfigurationProperties(prefix = "clarity.http", ignoreUnknownFields = false)
record HttpProperties(@DefaultValue("1MB") DataSize bodyMax) {}
