package io.claritystream.base.crypto;

import java.time.Clock;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.simple.JdbcClient;

@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(CryptoProperties.class)
class CryptoConfiguration {

  @Bean
  PlatformKeys platformKeys(
      CryptoProperties crypto, @Qualifier("auth") JdbcClient sql, Clock clock) {
    return PlatformKeys.open(new MasterKeyFile(crypto.masterKeyFile()), sql, clock);
  }

  @Bean
  Keyring keyring(PlatformKeys keys) {
    return keys.keyring();
  }
}
