package io.claritystream.base.http;

import jakarta.validation.constraints.NotNull;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;
import org.springframework.validation.annotation.Validated;

/// `clarity.http.*`.
///
/// @param bodyMax the largest request body that is read
@ConfigurationProperties(prefix = "clarity.http", ignoreUnknownFields = false)
@Validated
record HttpProperties(@DefaultValue("1MB") @NotNull DataSize bodyMax) {}
