#pragma once
// Distribution functions with correct tails: relative error below 1e-10 down to 1e-300.
// `sf` is the upper tail P(X > x), computed as such and never as 1 - cdf; `isf` is its inverse.
// An argument outside the stated domain is a bug of the caller and throws std::domain_error.
// Implementation: Boost.Math, which cites its sources (DiDonato & Morris 1992 for the incomplete
// beta).

#include <cstdint>

namespace llmops::stats {

double normal_cdf(double x);
double normal_sf(double x);
double normal_quantile(double p);  // 0 < p < 1
double normal_isf(double q);       // 0 < q < 1

// Student's t with df > 0, not necessarily whole.
double t_cdf(double t, double df);
double t_sf(double t, double df);
double t_quantile(double p, double df);
double t_isf(double q, double df);

// Non-central t. Relative error about 1e-8 in the body; far tails are absolute, about 1e-12.
double noncentral_t_cdf(double t, double df, double noncentrality);
double noncentral_t_sf(double t, double df, double noncentrality);

// X ~ Bin(n, p). k below 0 or at least n is allowed and gives 0 or 1.
double binomial_pmf(std::int64_t k, std::int64_t n, double p);
double binomial_cdf(std::int64_t k, std::int64_t n, double p);  // P(X <= k)
double binomial_sf(std::int64_t k, std::int64_t n, double p);   // P(X > k)

double chi_square_sf(double x, double df);

double beta_cdf(double x, double a, double b);
double beta_quantile(double p, double a, double b);
double beta_isf(double q, double a, double b);

// ln Gamma(x), x > 0.
double log_gamma(double x);

}  // namespace llmops::stats
