package io.claritystream.base.http;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.http.HttpServletRequest;
import java.net.InetAddress;
import java.net.UnknownHostException;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.HttpMethod;
import org.springframework.security.authentication.AuthenticationManager;
import org.springframework.security.authorization.AuthorizationDecision;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.annotation.web.configurers.AbstractHttpConfigurer;
import org.springframework.security.config.annotation.web.configurers.HeadersConfigurer;
import org.springframework.security.config.http.SessionCreationPolicy;
import org.springframework.security.oauth2.server.resource.web.authentication.BearerTokenAuthenticationFilter;
import org.springframework.security.web.AuthenticationEntryPoint;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.security.web.access.AccessDeniedHandler;
import org.springframework.security.web.firewall.RequestRejectedHandler;
import org.springframework.security.web.header.writers.ReferrerPolicyHeaderWriter.ReferrerPolicy;

/// Stateless, and denied unless allowed.
@Configuration(proxyBeanMethods = false)
class SecurityConfiguration {

  /// Scripts come from our own files alone. Inline styles are allowed because charts and menus
  /// place themselves by them; styles cannot run.
  private static final String CONTENT_SECURITY_POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
          + "font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; "
          + "base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

  @Bean
  SecurityFilterChain security(
      HttpSecurity http, AuthenticationManager accessTokens, ProblemResolver problems)
      throws Exception {
    AuthenticationEntryPoint signInNeeded =
        (request, response, failure) ->
            problems.write(
                request,
                response,
                Problem.of(
                    failure instanceof TokenRefused refused && refused.expired()
                        ? ProblemCode.TOKEN_EXPIRED
                        : ProblemCode.UNAUTHENTICATED,
                    null));
    AccessDeniedHandler denied =
        (request, response, failure) ->
            problems.write(request, response, Problem.of(ProblemCode.FORBIDDEN, null));
    AccessTokenSource tokens = new AccessTokenSource();

    http.authorizeHttpRequests(
        rules -> {
          rules.dispatcherTypeMatchers(DispatcherType.ASYNC, DispatcherType.ERROR).permitAll();
          for (PublicRoutes.Route route : PublicRoutes.ALL) {
            rules.requestMatchers(route.method(), route.pattern()).permitAll();
          }
          rules.requestMatchers("/v1/**").authenticated();
          rules.requestMatchers(HttpMethod.GET, "/actuator/health/**").permitAll();
          rules
              .requestMatchers(HttpMethod.GET, "/actuator/prometheus")
              .access(
                  (authentication, context) ->
                      new AuthorizationDecision(fromHere(context.getRequest())));
          rules.requestMatchers("/actuator/**", "/.well-known/**").denyAll();
          rules.requestMatchers(HttpMethod.GET, "/**").permitAll();
          rules.requestMatchers(HttpMethod.HEAD, "/**").permitAll();
          rules.anyRequest().denyAll();
        });
    http.oauth2ResourceServer(
        server ->
            server
                .bearerTokenResolver(tokens)
                .authenticationManagerResolver(request -> accessTokens)
                .authenticationEntryPoint(signInNeeded)
                .accessDeniedHandler(denied));
    http.exceptionHandling(
        handling -> handling.authenticationEntryPoint(signInNeeded).accessDeniedHandler(denied));
    http.addFilterBefore(new CookieRule(problems), BearerTokenAuthenticationFilter.class);
    http.headers(
        headers ->
            headers
                .contentSecurityPolicy(csp -> csp.policyDirectives(CONTENT_SECURITY_POLICY))
                .frameOptions(HeadersConfigurer.FrameOptionsConfig::deny)
                .referrerPolicy(
                    policy -> policy.policy(ReferrerPolicy.STRICT_ORIGIN_WHEN_CROSS_ORIGIN))
                .permissionsPolicyHeader(
                    policy -> policy.policy("camera=(), geolocation=(), microphone=(), payment=()"))
                .crossOriginOpenerPolicy(
                    policy ->
                        policy.policy(
                            org.springframework.security.web.header.writers
                                .CrossOriginOpenerPolicyHeaderWriter.CrossOriginOpenerPolicy
                                .SAME_ORIGIN))
                .crossOriginResourcePolicy(
                    policy ->
                        policy.policy(
                            org.springframework.security.web.header.writers
                                .CrossOriginResourcePolicyHeaderWriter.CrossOriginResourcePolicy
                                .SAME_ORIGIN)));
    http.sessionManagement(
        session -> session.sessionCreationPolicy(SessionCreationPolicy.STATELESS));
    // CookieRule stands in its place.
    http.csrf(AbstractHttpConfigurer::disable);
    http.logout(AbstractHttpConfigurer::disable);
    http.requestCache(AbstractHttpConfigurer::disable);
    http.anonymous(anonymous -> {});
    return http.build();
  }

  @Bean
  RequestRejectedHandler requestRejectedHandler(ProblemResolver problems) {
    return (request, response, rejected) ->
        problems.write(
            request,
            response,
            Problem.of(
                ProblemCode.VALIDATION_FAILED, "The address or a header is not acceptable."));
  }

  /// What a proxy on this machine relays comes from elsewhere. Of one that is trusted no such
  /// header is left, and the address is the client's.
  private static boolean fromHere(HttpServletRequest request) {
    if (request.getHeader("X-Forwarded-For") != null || request.getHeader("Forwarded") != null) {
      return false;
    }
    try {
      // A literal address is never looked up.
      return InetAddress.getByName(request.getRemoteAddr()).isLoopbackAddress();
    } catch (UnknownHostException noAddress) {
      return false;
    }
  }
}
