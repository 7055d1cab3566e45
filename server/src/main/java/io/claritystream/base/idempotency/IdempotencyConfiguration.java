package io.claritystream.base.idempotency;

import io.claritystream.base.crypto.PlatformKeys;
import io.claritystream.base.crypto.TenantSecrets;
import io.claritystream.base.db.TenantTransactions;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Clock;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.MethodParameter;
import org.springframework.core.Ordered;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.support.TransactionTemplate;
import org.springframework.web.bind.support.WebDataBinderFactory;
import org.springframework.web.context.request.NativeWebRequest;
import org.springframework.web.method.support.HandlerMethodArgumentResolver;
import org.springframework.web.method.support.ModelAndViewContainer;
import org.springframework.web.servlet.config.annotation.InterceptorRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

@Configuration(proxyBeanMethods = false)
class IdempotencyConfiguration {

  @Bean
  Claims idempotencyClaims(
      TenantTransactions transactions, TenantSecrets secrets, KeyQuota quota, Clock clock) {
    return new Claims(transactions, secrets, quota, clock);
  }

  @Bean
  KeyQuota idempotencyKeyQuota(@Qualifier("engine") JdbcClient engine) {
    return new KeyQuota(engine);
  }

  @Bean
  RequestDigests requestDigests(PlatformKeys keys) {
    return new RequestDigests(keys);
  }

  @Bean(initMethod = "start")
  Leases idempotencyLeases(
      @Qualifier("engine") JdbcClient engine,
      @Qualifier("engine") TransactionTemplate transactions,
      Clock clock) {
    return new Leases(engine, transactions, clock);
  }

  /// Within security: nobody's body is kept who is not known.
  @Bean
  FilterRegistrationBean<KeyedAnswers> keyedAnswers(Claims claims, Leases leases) {
    FilterRegistrationBean<KeyedAnswers> filter =
        new FilterRegistrationBean<>(new KeyedAnswers(claims, leases));
    filter.setOrder(Ordered.LOWEST_PRECEDENCE);
    return filter;
  }

  @Bean
  WebMvcConfigurer keyedRequests(
      Claims claims, RequestDigests digests, Leases leases, Clock clock) {
    return new WebMvcConfigurer() {
      /// After the rules: what a caller may not do takes no key.
      @Override
      public void addInterceptors(InterceptorRegistry registry) {
        registry
            .addInterceptor(new KeyedRequests(claims, digests, leases))
            .order(Ordered.LOWEST_PRECEDENCE);
      }

      @Override
      public void addArgumentResolvers(List<HandlerMethodArgumentResolver> resolvers) {
        resolvers.add(new ClaimArguments(clock));
      }
    };
  }

  private record ClaimArguments(Clock clock) implements HandlerMethodArgumentResolver {
    @Override
    public boolean supportsParameter(MethodParameter parameter) {
      return parameter.getParameterType() == IdempotencyClaim.class;
    }

    @Override
    public Object resolveArgument(
        MethodParameter parameter,
        @Nullable ModelAndViewContainer view,
        NativeWebRequest request,
        @Nullable WebDataBinderFactory binders) {
      HttpServletRequest asked = request.getNativeRequest(HttpServletRequest.class);
      KeyedRequest keyed = asked == null ? null : KeyedRequest.of(asked);
      Claim claim = keyed == null ? null : keyed.claim();
      return claim == null
          ? new IdempotencyClaim(false, UUID.randomUUID(), clock.instant(), false)
          : new IdempotencyClaim(true, claim.id(), claim.createdAt(), claim.rerun());
    }
  }
}
