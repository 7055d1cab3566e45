package io.claritystream.base.crypto;

import jakarta.validation.constraints.NotNull;
import java.nio.file.Path;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.validation.annotation.Validated;

/// `clarity.crypto.*`.
///
/// @param masterKeyFile the file with the master keyset; to be backed up apart from the database
@ConfigurationProperties(prefix = "clarity.crypto", ignoreUnknownFields = false)
@Validated
record CryptoProperties(@NotNull Path masterKeyFile) {}
