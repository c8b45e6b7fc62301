#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/text/value.h"
#include "evaluators/metric.h"
#include "evaluators/metrics/text/reference_count.h"

namespace llmops {

// A metric that equals one of sacrebleu 2.6.0's: its figure for the set comes from the summed
// counts of the rows, and it can say what that program would say of it.
class SacrebleuMetric : public Metric {
 public:
  Measurement score(const Case& row, const Sample& sample) const final;
  std::vector<std::optional<double>> corpus(std::span<const double> counts) const final;

  virtual std::string sacrebleu_name() const = 0;  // "BLEU", "chrF2++", "TER"
  // "case:mixed|eff:no|tok:13a|smooth:exp": that program's signature without its ends.
  virtual std::string settings() const = 0;
  // What its printed line holds behind the score: " 62.8/38.1/24.7/17.7 (BP = 0.928 ...)".
  virtual std::string sacrebleu_details(std::span<const double> counts) const;
  // The parts of the set's figure under its names.
  virtual Object parts(std::span<const double> counts) const = 0;
  // `resampled`: with quotients in single precision where that program's bootstrap has them.
  virtual double figure(std::span<const double> counts, bool resampled) const = 0;

  // "nrefs:1|bs:1000|seed:12345|case:mixed|...|version:2.6.0"; `test` is "bs:1000|seed:12345", or
  // "" for none.
  std::string sacrebleu_signature(std::string_view test) const;
  // "BLEU|nrefs:1|...|version:2.6.0 = 39.06 67.1/45.6/32.3/24.0 (BP = 0.995 ...)"
  std::string sacrebleu_line(double score, std::span<const double> counts) const;

 protected:
  std::string references() const { return references_.shown(); }  // for signatures

 private:
  virtual std::vector<double> counts_of(const std::string& hypothesis,
                                        std::span<const std::string> references) const = 0;
  virtual double row_figure(std::span<const double> counts) const { return figure(counts, false); }
  double within_range(double value) const;
  mutable ReferenceCount references_;
};

}  // namespace llmops
