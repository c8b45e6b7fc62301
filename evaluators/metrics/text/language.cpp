#include "evaluators/metrics/text/language.h"

#include <unicode/uchar.h>
#include <unicode/uscript.h>

#include <algorithm>
#include <array>
#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

#include "datasets/text/utf8.h"
#include "evaluators/metrics/text/lowercase.h"

namespace llmops {
namespace {

// Frequent words (each a vote, shared among the languages that have it) and groups of letters, with
// ^ and $ for a word's ends, that are common in a language and rare in its neighbours (a fifth of a
// vote).
struct Profile {
  std::string_view code, words, groups;
};

constexpr Profile kLatin[] = {
    {"en",
     "the of and to in is that it was for on are as with his they at be this have from or had by "
     "not but what all were we when your can "
     "said there use an each which she do how their if will up other about out many then them "
     "these so some her would make like him into "
     "has two more could no than first been its who now my over did only must you",           "th wh ^wr ing$ ght tion$ ould$"                                  },
    {"de",
     "der die und in den von zu das mit sich des auf für ist im dem nicht ein eine als auch es an "
     "werden aus er hat dass sie nach wird bei "
     "einer um am sind noch wie einem über einen so zum war haben nur oder aber vor zur bis mehr "
     "durch man sein wurde sei ich du wir ihr "
     "kann wenn ihre",                                                                        "sch ß ung$ lich ä ö ü ei cht ^ge heit$"                      },
    {"fr",
     "de la le et les des en un du une que est pour qui dans a par plus pas au sur ne se ce il "
     "sont la avec ils elle nous vous ou mais où "
     "son sa ses cette comme tout fait être deux même aussi leur bien on je peut très ont été aux "
     "si mon ça",                                                                            "ç è ê eau oux aient$ ^qu eux$ œ ^l' ^d' ^c' ^j' ^n'"         },
    {"es",
     "de la que el en y a los del se las por un para con no una su al lo como más pero sus le ya o "
     "este sí porque esta entre cuando muy sin "
     "sobre también me hasta hay donde quien desde todo nos durante todos uno les ni contra otros "
     "ese eso ante ellos e esto mí antes es son "
     "está fue ser te tu mi he ha cada día cómo qué vosotros él ella yo",                "ñ ción$ ll ^es ó$ á í ¿ ¡ dad$ mente$ rr"                 },
    {"it",
     "di e il la che in a per un è del non una i le con si da come dei nel alla gli della più al "
     "lo sono ma anche o delle suo ha su degli "
     "dalla questo se quando dal tutti molto essere ai nella sua cui fra ci stato era ho mi ne "
     "perché così",                                                                         "zione$ gli tt zz cc gn ^un' ^l' ò$ ù$ à$ mente$ cch"          },
    {"pt",
     "de a o que e do da em um para é com não uma os no se na por mais as dos como mas foi ao ele "
     "das tem à seu sua ou ser quando muito há "
     "nos já está eu também só pelo pela até isso ela entre era depois sem mesmo aos ter seus quem "
     "nas me esse eles estão você são",                                                    "ção$ ções ã õ nh lh ê ç ões$ mente$ dade$"              },
    {"nl",
     "de en van ik te dat die in een hij het niet zijn is was op aan met als voor had er maar om "
     "hem dan zou of wat mijn men dit zo door "
     "over ze zich bij ook tot je mij uit der daar haar naar heb hoe heeft hebben deze u want nog "
     "zal me zij nu ge geen omdat iets worden "
     "wordt kan",                                                                             "ij aa oo ee uu ^ge heid$ cht lijk$ ^z"                           },
    {"sv",
     "och att det i en jag som på är av för med till den har de inte om ett han men var sig från "
     "så kan när man hade nu eller ut efter upp "
     "vi vid ska hon då där mycket bara också alla sin blir här varit över vara skulle", "ä ö å ^sj sk ning$ ^och$ ^är$ lig$ ck"                       },
    {"da",
     "og i at det er en til af på som med for ikke den der de har et han jeg var om fra men sig vi "
     "kan så hun efter nu over ved eller skal "
     "være også blev ud vil op havde meget når hvor bliver kun hvad",                      "æ ø å ^af$ hed$ lig$ ^hv gt$ ^ud dd"                          },
    {"no",
     "og i det er på som en til å av for med at ikke den har de et han jeg var om fra men seg vi "
     "kan så hun etter nå over ved eller skal "
     "være også ble ut vil opp hadde mye når hvor blir bare hva noe sier",                 "ø å æ het$ ^av$ ^hv ^ikke$ skj kj ^å$"                       },
    {"fi",
     "ja on ei se että oli hän en mutta ovat kun niin myös jos tai sen joka kuin ole mitä minä nyt "
     "vain sitä jo he me tämä olen olla voi "
     "ollut kaikki sekä mukaan jotka hänen",                                                "ä ää ii uu yy aa kk ssa$ lla$ sta$ nen$ ö ään$ llä$ ssä$"},
    {"pl",
     "i w nie na się z do to że jest o jak a ale po co tak za od jego czy już tym dla przez był "
     "być są tylko przy może by go jej ich "
     "które który oraz mnie ma jako która bardzo",                                         "ł ą ę ś ć ż ź sz cz rz ów$ ^prz dz ^się$ ego$"          },
    {"cs",
     "a se v na je že to s z do o i jako pro by za ale jsem po tak jeho si co které který byl ve k "
     "od jen už nebo jsou také jak být bylo "
     "podle má aby až při kde není",                                                      "ř ě ů č ž š ý í á ou$ ých$ ní$ ^př"                  },
    {"tr",
     "ve bir bu da de için ile çok daha olarak gibi ne o ben kadar sonra var ama en her olan değil "
     "mi ya ki ise olduğu diye şey nasıl iki "
     "göre bunu hem ancak tarafından bana",                                                 "ı ş ğ ü ç lar$ ler$ dır$ ^ol yor$ mak$ mek$ nda$ nde$"     },
    {"ro",
     "și de în a la cu pe nu că din o un care mai este sau se ce prin pentru fi fost au sunt dar "
     "între ca am lui după acest ei ar avea "
     "această când dacă era foarte",                                                       "ă ș ț â î ul$ lui$ ului$ ii$ ^în ește$ ţ ş"             },
    {"hu",
     "a az és hogy nem is egy ez csak de meg volt már mint ki el ha még van vagy mert minden kell "
     "lehet itt most után én ami azt olyan "
     "ezt nagyon pedig",                                                                      "ő ű sz gy cs zs ség$ ság$ ek$ ok$ ^meg nak$ nek$ ban$ ben$"  },
    {"id",
     "yang dan di itu dengan untuk tidak ini dari dalam akan pada juga saya ke karena tersebut "
     "bisa ada mereka lebih telah atau kami kita "
     "sudah oleh saat dia adalah sebagai orang bahwa dapat anda",                             "ng ^me ^ber nya$ kan$ ^pe ^di ^ter an$"                          },
    {"vi",
     "và của là có cho trong không với một được các người này đã những khi để từ về đến như ra vào "
     "làm năm tôi cũng trên bị đó phải "
     "nhiều sau",                                                                           "ư ơ đ ạ ế ộ ả ấ ậ ^nh ^ng ^kh ^ph ^tr"            },
};

// A script that one of our languages has for itself.
struct OwnScript {
  UScriptCode script;
  std::string_view code;
};

constexpr OwnScript kOwn[] = {
    {USCRIPT_GREEK,      "el"},
    {USCRIPT_HEBREW,     "he"},
    {USCRIPT_THAI,       "th"},
    {USCRIPT_HANGUL,     "ko"},
    {USCRIPT_DEVANAGARI, "hi"},
    {USCRIPT_BENGALI,    "bn"},
    {USCRIPT_TAMIL,      "ta"},
    {USCRIPT_TELUGU,     "te"},
    {USCRIPT_KANNADA,    "kn"},
    {USCRIPT_MALAYALAM,  "ml"},
    {USCRIPT_GUJARATI,   "gu"},
    {USCRIPT_GURMUKHI,   "pa"},
    {USCRIPT_SINHALA,    "si"},
    {USCRIPT_GEORGIAN,   "ka"},
    {USCRIPT_ARMENIAN,   "hy"},
    {USCRIPT_ETHIOPIC,   "am"},
    {USCRIPT_KHMER,      "km"},
    {USCRIPT_LAO,        "lo"},
    {USCRIPT_MYANMAR,    "my"},
};

constexpr std::string_view kCodes[] = {
    "am", "ar", "bg", "bn", "cs", "da", "de", "el", "en", "es", "fa", "fi", "fr", "gu", "he",
    "hi", "hu", "hy", "id", "it", "ja", "ka", "km", "kn", "ko", "lo", "ml", "my", "nl", "no",
    "pa", "pl", "pt", "ro", "ru", "si", "sv", "ta", "te", "th", "tr", "uk", "ur", "vi", "zh"};

std::vector<std::string> pieces(std::string_view text) {
  std::vector<std::string> found;
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t end = std::min(text.find(' ', from), text.size());
    if (end > from) found.emplace_back(text.substr(from, end - from));
    from = end + 1;
  }
  return found;
}

using Votes = std::array<double, std::size(kLatin)>;

const std::unordered_map<std::string, Votes>& word_votes() {
  static const auto kVotes = [] {
    std::unordered_map<std::string, Votes> votes;
    for (std::size_t i = 0; i < std::size(kLatin); ++i)
      for (const std::string& word : pieces(kLatin[i].words))
        votes.try_emplace(word, Votes{}).first->second[i] = 1.0;
    for (auto& [word, shares] : votes) {
      double sharing = 0;
      for (const double share : shares) sharing += share;
      for (double& share : shares) share /= sharing;
    }
    return votes;
  }();
  return kVotes;
}

const std::vector<std::vector<std::string>>& groups() {
  static const auto kGroups = [] {
    std::vector<std::vector<std::string>> all;
    for (const Profile& profile : kLatin) all.push_back(pieces(profile.groups));
    return all;
  }();
  return kGroups;
}

// Lower-case words of letters and apostrophes, between ^ and $.
std::vector<std::string> marked_words(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  for (const char32_t c : decode_utf8(lowercase(text))) {
    if (u_isalpha(static_cast<UChar32>(c)) != 0 || (c == '\'' && !word.empty())) {
      append_utf8(word, c);
    } else if (!word.empty()) {
      words.push_back("^" + std::exchange(word, "") + "$");
    }
  }
  if (!word.empty()) words.push_back("^" + word + "$");
  return words;
}

std::string latin_language(std::string_view text) {
  constexpr double kGroup = 0.2;
  Votes votes{};
  for (const std::string& word : marked_words(text)) {
    const auto known = word_votes().find(word.substr(1, word.size() - 2));
    for (std::size_t i = 0; i < votes.size(); ++i) {
      if (known != word_votes().end()) votes[i] += known->second[i];
      for (const std::string& group : groups()[i])
        if (word.find(group) != std::string::npos) votes[i] += kGroup;
    }
  }
  const auto best = std::ranges::max_element(votes);
  if (*best < 0.5) return "";
  return std::string(kLatin[best - votes.begin()].code);
}

struct Letters {
  std::map<UScriptCode, std::size_t> scripts;
  std::map<char32_t, std::size_t> each;
  std::size_t all = 0;
  std::size_t count(UScriptCode script) const {
    const auto found = scripts.find(script);
    return found == scripts.end() ? 0 : found->second;
  }
  std::size_t any_of(std::u32string_view letters) const {
    std::size_t sum = 0;
    for (const char32_t c : letters)
      if (const auto found = each.find(c); found != each.end()) sum += found->second;
    return sum;
  }
};

Letters letters_of(std::string_view text) {
  Letters letters;
  for (const char32_t c : decode_utf8(text)) {
    if (u_isalpha(static_cast<UChar32>(c)) == 0) continue;
    UErrorCode status = U_ZERO_ERROR;
    ++letters.scripts[uscript_getScript(static_cast<UChar32>(c), &status)];
    if (c > 0x7F) ++letters.each[c];
    ++letters.all;
  }
  return letters;
}

}  // namespace

std::string detect_language(std::string_view text) {
  const Letters letters = letters_of(text);
  // Each Han character is worth more than a letter.
  const std::size_t kana = letters.count(USCRIPT_HIRAGANA) + letters.count(USCRIPT_KATAKANA);
  const std::size_t east = 2 * (kana + letters.count(USCRIPT_HAN));
  const std::size_t latin = letters.count(USCRIPT_LATIN);
  std::size_t most = std::max(east, latin);
  std::string best =
      east > latin ? (kana * 10 >= letters.count(USCRIPT_HAN) && kana > 0 ? "ja" : "zh") : "";
  const auto offer = [&](std::size_t count, std::string_view code) {
    if (count <= most) return;
    most = count;
    best = code;
  };
  for (const OwnScript& own : kOwn) offer(letters.count(own.script), own.code);
  if (letters.any_of(U"іїєґ") > 0)
    offer(letters.count(USCRIPT_CYRILLIC), "uk");
  else
    offer(letters.count(USCRIPT_CYRILLIC),
          letters.any_of(U"ыэё") == 0 && letters.any_of(U"ъ") > 0 ? "bg" : "ru");
  const std::size_t urdu = letters.any_of(U"ٹڈڑںےھ");
  const std::size_t persian = letters.any_of(U"پچژگکی");
  offer(letters.count(USCRIPT_ARABIC), urdu > 0 ? "ur" : persian > 0 ? "fa" : "ar");
  if (most == 0) return "";
  return most == latin && best.empty() ? latin_language(text) : best;
}

std::span<const std::string_view> languages() { return kCodes; }

}  // namespace llmops
