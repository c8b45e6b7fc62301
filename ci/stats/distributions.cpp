#include "ci/stats/distributions.h"

#include <boost/math/distributions/beta.hpp>
#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/non_central_t.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <boost/math/special_functions/gamma.hpp>

namespace llmops::stats {
namespace {

namespace policies = boost::math::policies;

// Tails that leave the range of double become 0 or infinity; only a wrong argument throws.
// Promotion to long double stays on: without it the incomplete beta loses the last digits of far
// tails.
using Policy = policies::policy<policies::domain_error<policies::throw_on_error>,
                                policies::pole_error<policies::throw_on_error>,
                                policies::overflow_error<policies::ignore_error>,
                                policies::underflow_error<policies::ignore_error>,
                                policies::denorm_error<policies::ignore_error>,
                                policies::evaluation_error<policies::ignore_error>,
                                policies::rounding_error<policies::ignore_error>>;

using Normal = boost::math::normal_distribution<double, Policy>;
using StudentT = boost::math::students_t_distribution<double, Policy>;
using NoncentralT = boost::math::non_central_t_distribution<double, Policy>;
using Binomial = boost::math::binomial_distribution<double, Policy>;
using ChiSquare = boost::math::chi_squared_distribution<double, Policy>;
using Beta = boost::math::beta_distribution<double, Policy>;

}  // namespace

double normal_cdf(double x) { return cdf(Normal(), x); }
double normal_sf(double x) { return cdf(complement(Normal(), x)); }
double normal_quantile(double p) { return quantile(Normal(), p); }
double normal_isf(double q) { return quantile(complement(Normal(), q)); }

double t_cdf(double t, double df) { return cdf(StudentT(df), t); }
double t_sf(double t, double df) { return cdf(complement(StudentT(df), t)); }
double t_quantile(double p, double df) { return quantile(StudentT(df), p); }
double t_isf(double q, double df) { return quantile(complement(StudentT(df), q)); }

double noncentral_t_cdf(double t, double df, double noncentrality) {
  return cdf(NoncentralT(df, noncentrality), t);
}
double noncentral_t_sf(double t, double df, double noncentrality) {
  return cdf(complement(NoncentralT(df, noncentrality), t));
}

double binomial_pmf(std::int64_t k, std::int64_t n, double p) {
  if (k < 0 || k > n) return 0.0;
  return pdf(Binomial(static_cast<double>(n), p), static_cast<double>(k));
}
double binomial_cdf(std::int64_t k, std::int64_t n, double p) {
  if (k < 0) return 0.0;
  if (k >= n) return 1.0;
  return cdf(Binomial(static_cast<double>(n), p), static_cast<double>(k));
}
double binomial_sf(std::int64_t k, std::int64_t n, double p) {
  if (k < 0) return 1.0;
  if (k >= n) return 0.0;
  return cdf(complement(Binomial(static_cast<double>(n), p), static_cast<double>(k)));
}

double chi_square_sf(double x, double df) { return cdf(complement(ChiSquare(df), x)); }

double beta_cdf(double x, double a, double b) { return cdf(Beta(a, b), x); }
double beta_quantile(double p, double a, double b) { return quantile(Beta(a, b), p); }
double beta_isf(double q, double a, double b) { return quantile(complement(Beta(a, b), q)); }

double log_gamma(double x) { return boost::math::lgamma(x, Policy()); }

}  // namespace llmops::stats
