package release

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// sort of a token: a word, or a fact that stays the same however a text is worded.
type sort uint8

const (
	word sort = iota
	name
	amount // with so many significant digits that it is known again
	count  // a smaller figure
	date
	number // of a record, a file, a case
)

// token is a word or a fact of a text. What is equal after folding has one hash.
type token struct {
	start, end int // bytes of the text
	hash       uint32
	sort       sort
	digits     int // significant, of amounts and counts
}

// passage is a sentence with what identifies it.
type sentence struct {
	start, end int
	tokens     []token
}

// hash is FNV-1a. What is told apart by it is looked at by people.
func hash(kind byte, s string) uint32 {
	h := (uint32(2166136261) ^ uint32(kind)) * 16777619
	for i := range len(s) {
		h = (h ^ uint32(s[i])) * 16777619
	}
	return h
}

// folded is a word without case, accents and invisible characters.
func folded(s string) string {
	ascii := true
	for i := range len(s) {
		ascii = ascii && s[i] < utf8.RuneSelf
	}
	if ascii {
		return strings.ToLower(s)
	}
	return strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Mn, unicode.Cf) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFKD.String(s))
}

// stemRunes is how much of a word is compared: endings of both languages differ after it.
const stemRunes = 6

func stem(s string) string {
	n := 0
	for i := range s {
		if n++; n > stemRunes {
			return s[:i]
		}
	}
	if n > 3 && strings.HasSuffix(s, "s") {
		return s[:len(s)-1]
	}
	return s
}

func inWord(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.In(r, unicode.Mn, unicode.Cf)
}

// lexeme is a word as it stands, before dates and figures are put together.
type lexeme struct {
	start, end int
	text       string // folded
	upper      bool
	first      bool // of a sentence
	figure     bool // begins with a digit
	joined     bool // has letters and digits, or numbers joined by - or /
}

// lexemes cuts a text into sentences of words. Separators inside figures and numbers of records belong to them.
func lexemes(text string) [][]lexeme {
	var out [][]lexeme
	var now []lexeme
	end := func() {
		if len(now) > 0 {
			out, now = append(out, now), nil
		}
	}
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		if !inWord(r) || unicode.In(r, unicode.Mn, unicode.Cf) {
			if stops(text, i, r, n) {
				end()
			}
			i += n
			continue
		}
		x := lexeme{start: i, upper: unicode.IsUpper(r), first: len(now) == 0, figure: unicode.IsDigit(r)}
		j := i + n
		digits, letters := 0, 0
		if x.figure {
			digits++
		} else {
			letters++
		}
		for j < len(text) {
			r, n := utf8.DecodeRuneInString(text[j:])
			if inWord(r) {
				if unicode.IsDigit(r) {
					digits++
				} else {
					letters++
				}
				j += n
				continue
			}
			next := text[j+n:]
			if !joins(r, text[i:j], next) {
				break
			}
			x.joined = x.joined || r == '-' || r == '/'
			j += n
		}
		x.end = j
		x.text = folded(text[i:j])
		if x.joined && digits < 3 && !x.figure { // words joined by a hyphen are words
			for k, piece := range strings.FieldsFunc(text[i:j], func(r rune) bool { return !inWord(r) }) {
				at := strings.Index(text[i:j], piece)
				now = append(now, lexeme{start: i + at, end: i + at + len(piece), text: folded(piece), upper: x.upper, first: x.first && k == 0})
			}
			i = j
			continue
		}
		x.joined = digits >= 3 && (x.joined || letters > 0 && digits > 3)
		now = append(now, x)
		i = j
	}
	end()
	return out
}

// joins reports whether a separator belongs to the word before it: 1,250.5; 1 250; FGR/118/2026; MX-0173.
func joins(r rune, before, after string) bool {
	next, _ := utf8.DecodeRuneInString(after)
	last, _ := utf8.DecodeLastRuneInString(before)
	switch r {
	case '.', ',', '\'', '’':
		return unicode.IsDigit(last) && unicode.IsDigit(next)
	case '\u00a0', '\u202f', ' ': // groups of three
		if !unicode.IsDigit(last) || len(after) < 3 || strings.ContainsAny(before, "-/,.") {
			return false
		}
		for i := range 3 {
			if after[i] < '0' || after[i] > '9' {
				return false
			}
		}
		more := len(after) > 3 && after[3] >= '0' && after[3] <= '9'
		group := before[strings.LastIndexAny(before, " \u00a0\u202f")+1:]
		return !more && len(strings.Trim(group, "\u00a0\u202f")) <= 3
	case '-', '/', '–', '‑':
		return inWord(next) && inWord(last) && (unicode.IsDigit(last) || unicode.IsDigit(next) || unicode.IsUpper(last) && unicode.IsUpper(next) || strings.ContainsAny(before, "0123456789"))
	}
	return false
}

// stops reports whether a sentence ends at a character.
func stops(text string, i int, r rune, n int) bool {
	switch r {
	case '\n', '!', '?', ';', '…', '•', '\u2028', '\u2029':
		return true
	case '.', ':':
		after := strings.TrimLeft(text[i+n:], `"'”’») `)
		if after == "" {
			return true
		}
		next, _ := utf8.DecodeRuneInString(after)
		short := i >= 2 && (text[i-2] == ' ' || text[i-2] == '.') // U. S., p. m.
		return len(after) < len(text[i+n:]) && !unicode.IsLower(next) && !short
	}
	return false
}

// sentences are a text's, with the words and facts that identify them. Fillers are left out.
func sentences(text string) []sentence {
	var out []sentence
	for _, ls := range lexemes(text) {
		s := sentence{start: ls[0].start, end: ls[len(ls)-1].end}
		for i := 0; i < len(ls); {
			if used := dated(ls[i:], &s.tokens); used > 0 {
				i += used
				continue
			}
			if x := ls[i]; x.joined && !(x.figure && plainFigure(x.text)) {
				canon := strings.Map(func(r rune) rune {
					if unicode.IsLetter(r) || unicode.IsDigit(r) {
						return r
					}
					return -1
				}, x.text)
				s.tokens = append(s.tokens, token{x.start, x.end, hash('#', canon), number, 0})
				i++
				continue
			}
			if ls[i].figure {
				i += figure(ls[i:], &s.tokens)
				continue
			}
			if x := ls[i]; !fillers[x.text] && len(x.text) > 1 {
				t := token{x.start, x.end, hash('w', stem(x.text)), word, 0}
				if x.upper && !x.first {
					t.sort = name
				}
				s.tokens = append(s.tokens, t)
			}
			i++
		}
		for len(s.tokens) > maxWords {
			head := sentence{s.start, s.tokens[maxWords-1].end, s.tokens[:maxWords:maxWords]}
			out = append(out, head)
			s.tokens = s.tokens[maxWords/2:]
			s.start = s.tokens[0].start
		}
		if len(s.tokens) > 0 {
			out = append(out, s)
		}
	}
	return out
}

func plainFigure(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > '9' || r == '/' || r == '-' })
}

// figure reads a figure with the word that multiplies it, and says how many words it took.
func figure(ls []lexeme, out *[]token) int {
	x, used := ls[0], 1
	i := strings.IndexFunc(x.text, func(r rune) bool { return r >= 'a' && r <= 'z' })
	if i >= 0 { // 12th, 1er, 40kg
		x.text = x.text[:i]
	}
	whole, fraction := figureOf(x.text)
	zeros := 0
	for used < len(ls) && ls[used].start-ls[used-1].end <= 2 && scales[ls[used].text] > 0 {
		zeros += scales[ls[used].text]
		x.end = ls[used].end
		used++
	}
	for ; zeros > 0; zeros-- {
		if fraction == "" {
			whole += "0"
			continue
		}
		whole, fraction = whole+fraction[:1], fraction[1:]
	}
	whole = strings.TrimLeft(whole, "0")
	fraction = strings.TrimRight(fraction, "0")
	canon := whole
	if fraction != "" {
		canon += "." + fraction
	}
	t := token{x.start, x.end, hash('n', canon), count, significant(whole, fraction)}
	year := fraction == "" && len(whole) == 4 && (strings.HasPrefix(whole, "19") || strings.HasPrefix(whole, "20")) && plainFigure(x.text) && len(x.text) == 4 && used == 1
	switch {
	case year:
	case t.digits >= 3 || fraction != "":
		t.sort = amount
	}
	*out = append(*out, t)
	return used
}

func significant(whole, fraction string) int {
	s := whole + fraction
	if fraction == "" {
		s = strings.TrimRight(s, "0")
	}
	return len(strings.TrimLeft(s, "0"))
}

// scales are words that multiply a figure, by their zeros.
var scales = map[string]int{"mil": 3, "thousand": 3, "million": 6, "millions": 6, "millon": 6, "millones": 6, "billion": 9, "billions": 9, "mdp": 6, "mdd": 6}

// figureOf tells thousands from decimals: the last separator is the decimal one unless three digits follow each.
func figureOf(s string) (whole, fraction string) {
	last := strings.LastIndexAny(s, ".,")
	digits := func(s string) string {
		return strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' {
				return r
			}
			return -1
		}, s)
	}
	if last < 0 {
		return digits(s), ""
	}
	after := s[last+1:]
	other := strings.ContainsAny(s[:last], ".,") && !strings.Contains(s[:last], s[last:last+1])
	if len(after) == 3 && !other && strings.Trim(s[:last], "0") != "" {
		return digits(s), ""
	}
	return digits(s[:last]), digits(after)
}

// dated reads a date from the beginning of a sentence's rest, and says how many words it took. The year is a word of its own.
func dated(ls []lexeme, out *[]token) int {
	put := func(n, month, day int) int {
		*out = append(*out, token{ls[0].start, ls[n-1].end, hash('d', string([]byte{byte(month), byte(day)})), date, 0})
		return n
	}
	x := ls[0]
	if x.figure && strings.ContainsAny(x.text, "-/") { // 2026-03-14, 14/03/2026
		f := strings.FieldsFunc(x.text, func(r rune) bool { return r == '-' || r == '/' })
		if len(f) != 3 {
			return 0
		}
		a, b, c := small(f[0]), small(f[1]), small(f[2])
		switch {
		case len(f[0]) == 4 && b >= 1 && b <= 12 && c >= 1 && c <= 31:
			return put(1, b, c)
		case len(f[2]) != 4 && len(f[2]) != 2 || a < 1 || b < 1 || a > 31 || b > 31 || min(a, b) > 12:
			return 0
		case a > 12:
			return put(1, b, a)
		case b > 12:
			return put(1, a, b)
		}
		put(1, a, b)
		return put(1, b, a)
	}
	if m := months[x.text]; m > 0 && len(ls) > 1 { // March 14
		if d := small(ls[1].text); ls[1].figure && d >= 1 && d <= 31 {
			return put(2, m, d)
		}
		return 0
	}
	d := small(x.text)
	if !x.figure || d < 1 || d > 31 || len(ls) < 2 {
		return 0
	}
	at := 1
	if (ls[1].text == "de" || ls[1].text == "of") && len(ls) > 2 { // 14 de marzo
		at = 2
	}
	if m := months[ls[at].text]; m > 0 {
		return put(at+1, m, d)
	}
	return 0
}

// small reads a figure of up to four digits with an ordinal's ending; 0: it is none.
func small(s string) int {
	n, i := 0, 0
	for ; i < len(s) && s[i] >= '0' && s[i] <= '9'; i++ {
		if i == 4 {
			return 0
		}
		n = 10*n + int(s[i]-'0')
	}
	switch s[i:] {
	case "", "st", "nd", "rd", "th", "o", "er":
		return n
	}
	return 0
}

var months = func() map[string]int {
	out := map[string]int{}
	for i, names := range strings.Fields("january,enero,jan,ene february,febrero,feb march,marzo,mar april,abril,apr,abr may,mayo june,junio,jun july,julio,jul august,agosto,aug,ago september,septiembre,sep,sept,setiembre october,octubre,oct november,noviembre,nov december,diciembre,dec,dic") {
		for _, n := range strings.Split(names, ",") {
			out[n] = i + 1
		}
	}
	return out
}()

// fillers are words of both languages that say nothing of what a sentence is about.
var fillers = func() map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(`a about above after all also an and any are as at be been before being between both but by can could did do does down
during each either every few first for from further had has have he her here hers him his how i if in into is it its itself may might more most must no
nor not of off on once one only or other our ours out over own per same shall she should since so some such than that the their theirs them then there these
they this those through to today too toward towards two under until up upon us was we were what when where which while who whom will with within without would
yet you your it's that's
al algun alguna algunas alguno algunos ante antes aquel aquella asi aun aunque bajo bien cada como con contra cual cuales cuando cuya cuyas cuyo cuyos de del
desde despues donde dos durante e el ella ellas ellos en entre era eran es esa esas ese eso esos esta estan estas este esto estos fue fueron ha haber habia
habra han hasta hay hoy la las le les lo los mas me mediante mi mientras muy ni no nos nosotros nuestra nuestras nuestro nuestros o otra otras otro otros para
pero poco por porque primer primera que quien quienes se sea sean segun ser sera seran si sido sin sobre solo son su sus tal tambien tan tanto te tener tiene
tienen toda todas todo todos tras tu tus u un una unas uno unos y ya`) {
		out[w] = true
	}
	return out
}()
