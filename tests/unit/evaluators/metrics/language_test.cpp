#include <doctest/doctest.h>

#include "evaluators/metrics/text/language.h"
#include "tests/support/metric.h"
#include "tests/support/segments.h"

using namespace llmops;
using namespace llmops::test;

TEST_CASE("language: sentences of many languages") {
  struct Row {
    const char* language;
    const char* text;
  };
  const Row rows[] = {
      {"en", "The weather is nice today, and we are going for a walk in the park."                                                   },
      {"de", "Das Wetter ist heute schön, und wir gehen im Park spazieren."                                                         },
      {"fr", "Il fait beau aujourd'hui et nous allons nous promener dans le parc."                                                   },
      {"es", "Hoy hace buen tiempo y vamos a pasear por el parque con los niños."                                                   },
      {"it", "Oggi il tempo è bello e andiamo a fare una passeggiata nel parco."                                                    },
      {"pt", "Hoje o tempo está bom e nós vamos passear no parque com as crianças."                                               },
      {"nl", "Het weer is vandaag mooi en we gaan wandelen in het park."                                                             },
      {"sv", "Vädret är fint idag och vi ska gå en promenad i parken."                                                            },
      {"da", "Vejret er dejligt i dag, og vi skal ud at gå en tur i parken efter skole."                                            },
      {"no",
       "Været er fint i dag, og vi skal gå en tur i parken etter skolen. Jeg vet ikke hva noe av "
       "det er."                                                                                                                     },
      {"fi", "Tänään on kaunis sää ja me menemme kävelylle puistoon."                                                          },
      {"pl", "Dzisiaj jest ładna pogoda i idziemy na spacer do parku."                                                              },
      {"cs", "Dnes je hezké počasí a jdeme se projít do parku."                                                                  },
      {"tr", "Bugün hava çok güzel ve parkta yürüyüşe çıkıyoruz."                                                          },
      {"ro", "Astăzi vremea este frumoasă și mergem la plimbare în parc."                                                        },
      {"hu", "Ma szép az idő, és sétálni megyünk a parkba."                                                                    },
      {"id", "Hari ini cuacanya bagus dan kami akan berjalan-jalan di taman."                                                        },
      {"vi", "Hôm nay thời tiết đẹp và chúng tôi đi dạo trong công viên."                                            },
      {"ru", "Сегодня хорошая погода, и мы идём гулять в парк."                                },
      {"uk", "Сьогодні гарна погода, і ми йдемо гуляти в парк."                                },
      {"bg", "Днес времето е хубаво и отиваме на разходка в градината на ъгъла."},
      {"el", "Σήμερα ο καιρός είναι καλός."                                                                   },
      {"he", "מזג האוויר יפה היום"                                                                                   },
      {"ar", "الطقس جميل اليوم"                                                                                        },
      {"fa", "امروز هوا خوب است و ما به پارک می‌رویم"                                                 },
      {"ur", "آج موسم اچھا ہے اور ہم باغ میں ہیں"                                                          },
      {"zh", "今天天气很好，我们去公园散步。"                                                                         },
      {"ja", "今日は天気がいいので、公園を散歩します。"                                                          },
      {"ko", "오늘은 날씨가 좋아서 공원을 산책합니다."                                                              },
      {"hi", "आज मौसम अच्छा है।"                                                                         },
      {"th", "วันนี้อากาศดี"                                                                               },
      {"",   "42"                                                                                                                    },
      {"",   ""                                                                                                                      },
      {"",   "xyzzy"                                                                                                                 },
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(detect_language(row.text) == row.language);
  }
}

TEST_CASE("language: verses and glosses are English or Spanish") {
  const auto segments = Segments::load();
  if (!segments) return;
  for (const Segment& segment : segments->all()) {
    const std::string& text = segment.references.front();
    if (segment.id < "p170" || segment.id > "p250" || text.size() < 60 || text.find(" ") > 20)
      continue;
    CAPTURE(text);
    const std::string found = detect_language(text);
    CHECK((found == "en" || found == "es"));
  }
}

TEST_CASE("language: scores") {
  const auto german = make_metric("language", "{expected: de}");
  CHECK(score_one(*german, "Das ist nicht die ganze Geschichte.") == 1.0);
  CHECK(measure(*german, "This is not the whole story.").note == "found en, wanted de");
  CHECK(measure(*german, "42").why == "the output is too short to tell its language");
  CHECK(score_one(*make_metric("language"), "Yes, that is it.", {"The answer is in the book."}) ==
        1.0);
  CHECK(metric_problems("language", "{expected: xx}").find("`expected` is `xx`") !=
        std::string::npos);
  Case row;
  row.variables.add("lang", Value("fr"));
  Sample sample;
  sample.text = "Je ne sais pas ce que vous voulez dire.";
  CHECK(make_metric("language", "{field: lang}")->score(row, sample).values.at(0) == 1.0);
}
