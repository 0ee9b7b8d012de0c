package node

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"entente"
	"entente/consent"
	"entente/record"
	"entente/word"
)

// AgreedSentence is a sentence that every party whose consent its text needed has signed.
type AgreedSentence struct {
	Ref    string            `json:"ref"`   // its place in the latest text: record, part and number
	Texts  map[string]string `json:"texts"` // by language: all of them where the text has as many sentences in each, else one
	Uses   int               `json:"uses"`  // texts in which it stands
	Last   int64             `json:"last"`  // since when the latest of them was agreed, Unix seconds
	Latest *Listed           `json:"-"`     // what the latest of them is a text of
	Title  map[string]string `json:"title"` // of the latest text, by language
	record record.ID
	base   string
	folded []string // by language
}

// AgreedLanguage are the sentences that a search found.
type AgreedLanguage struct {
	Sentences []*AgreedSentence `json:"sentences"`
	Found     int               `json:"found"` // at most agreedShown of them are given
	Texts     int               `json:"texts"` // that were looked through
	Left      bool              `json:"left"`  // older texts were not: more than a page reads
}

// AgreedQuery says which sentences are wanted. Neither search nor references: those used most.
type AgreedQuery struct {
	Search string   // words that all stand in the sentence, in any language, without regard to case and accents
	Refs   []string // exactly these
}

// agreedBases are the parts whose sentences are language that can be used again.
var agreedBases = []string{"body", "done"}

// AgreedLanguage searches the sentences of texts that several parties agreed on, those in force and those that were. Nothing is kept
// of it: it reads what the office may read, at each search, and the access log names the texts of which a sentence is shown.
func (n *Node) AgreedLanguage(ctx context.Context, who Caller, group record.ID, page string, q AgreedQuery) (*AgreedLanguage, error) {
	g, err := n.reading(who, group)
	if err != nil {
		return nil, err
	}
	texts, left, err := n.agreedTexts(ctx, who, group)
	if err != nil {
		return nil, err
	}
	wants := make([]Want, len(texts))
	for i, t := range texts {
		wants[i] = Want{Group: group, Record: t.version.ID, Names: []string{"title.*", "body.*", "done.*"}, Short: true}
	}
	p, _, err := n.opened(ctx, who, wants, maxTexts)
	if err != nil {
		return nil, err
	}
	out := &AgreedLanguage{Texts: len(texts), Left: left}
	_, c := g.ledger.Charter()
	if c == nil {
		c = g.ledger.Founding()
	}
	out.Sentences = agreedSentences(texts, p.out, c.Languages, q)
	out.Found = len(out.Sentences)
	out.Sentences = out.Sentences[:min(out.Found, agreedShown)]
	var shown []entente.AccessItem
	seen := map[record.ID]*Text{}
	for _, s := range out.Sentences {
		t := seen[s.record]
		if t == nil {
			t = &Text{}
			seen[s.record] = t
		}
		for _, part := range p.out[s.record].Parts {
			base, lang, _ := strings.Cut(part.Name, ".")
			if _, has := t.Part(part.Name); !has && (base == "title" || base == s.base && s.Texts[lang] != "") {
				t.Parts = append(t.Parts, part)
			}
		}
	}
	for _, x := range texts {
		if t := seen[x.version.ID]; t != nil {
			shown = append(shown, logged(group, x.version.ID, t)...)
		}
	}
	if err := n.logShown(ctx, who, page, shown); err != nil {
		return nil, err
	}
	return out, nil
}

// agreedText is a text that several parties agreed on.
type agreedText struct {
	listed  *Listed
	version *entente.VersionState
}

// agreedTexts lists them over all kinds that are agreed on, the latest first.
func (n *Node) agreedTexts(ctx context.Context, who Caller, group record.ID) (out []agreedText, left bool, err error) {
	for _, kind := range n.kinds.Names() {
		k := n.kinds[kind]
		if _, agreed := k.Verbs[record.Consent]; !agreed || k.Verbs[record.Propose].Root || !slices.ContainsFunc(k.Verbs[record.Propose].Parts, func(p string) bool { return p == "body.*" || p == "done.*" }) {
			continue
		}
		list, err := n.Instruments(ctx, who, group, Query{Kind: kind, Sort: SortNewest, Limit: agreedTexts})
		if err != nil {
			return nil, false, err
		}
		left = left || list.Next != ""
		for i := range list.Items {
			x := &list.Items[i]
			for k := range x.State.Versions {
				if v := &x.State.Versions[k]; signedByAll(v) {
					out = append(out, agreedText{x, v})
				}
			}
		}
	}
	slices.SortStableFunc(out, func(a, b agreedText) int { return cmp.Compare(b.version.Since, a.version.Since) })
	return out[:min(len(out), agreedTexts)], left || len(out) > agreedTexts, nil
}

// signedByAll: it is or was agreed, and by more than one party.
func signedByAll(v *entente.VersionState) bool {
	return v.Standing != consent.Open && len(v.Required) > 1 && !slices.ContainsFunc(v.Sides, func(x entente.Side) bool { return x.Consent == nil })
}

// agreedSentences cuts the texts, the latest first, and gathers what stands in several.
func agreedSentences(texts []agreedText, read Texts, languages []string, q AgreedQuery) []*AgreedSentence {
	by := map[string]*AgreedSentence{}
	var all []*AgreedSentence
	search := strings.Fields(word.Fold(q.Search))
	for _, t := range texts {
		said, title := map[string]bool{}, map[string]string{}
		for _, l := range languages {
			if p, ok := read[t.version.ID].Part("title." + l); ok {
				title[l] = string(p.Content)
			}
		}
		for _, base := range agreedBases {
			for i, s := range sentencesOf(read[t.version.ID], base, languages) {
				folded := make([]string, len(languages))
				for k, l := range languages {
					folded[k] = word.Fold(s[l])
				}
				key := strings.Join(folded, "\n")
				if said[key] || len(strings.Fields(key)) < agreedWords {
					continue
				}
				said[key] = true
				x := by[key]
				if x == nil {
					x = &AgreedSentence{Ref: fmt.Sprintf("%s.%s.%d", t.version.ID, base, i), Texts: s, Last: t.version.Since, Latest: t.listed, Title: title, record: t.version.ID, base: base, folded: folded}
					by[key], all = x, append(all, x)
				}
				x.Uses++
			}
		}
	}
	all = slices.DeleteFunc(all, func(x *AgreedSentence) bool {
		if len(q.Refs) > 0 {
			return !slices.Contains(q.Refs, x.Ref)
		}
		return !slices.ContainsFunc(x.folded, func(s string) bool { return hasWords(s, search) })
	})
	if len(q.Refs) > 0 {
		slices.SortStableFunc(all, func(a, b *AgreedSentence) int {
			return cmp.Compare(slices.Index(q.Refs, a.Ref), slices.Index(q.Refs, b.Ref))
		})
		return all
	}
	slices.SortStableFunc(all, func(a, b *AgreedSentence) int {
		return cmp.Or(cmp.Compare(b.Uses, a.Uses), cmp.Compare(b.Last, a.Last))
	})
	return all
}

// hasWords: each of the words stands in the text, or begins a word of it. All are folded.
func hasWords(text string, search []string) bool {
	return text != "" && !slices.ContainsFunc(search, func(w string) bool { return !strings.HasPrefix(text, w) && !strings.Contains(text, " "+w) })
}

// sentencesOf are the sentences of a part: in all languages together where it has as many in each, else each language's alone, one
// after the other.
func sentencesOf(t *Text, base string, languages []string) []map[string]string {
	var out []map[string]string
	cut := map[string][]string{}
	even := true
	for _, l := range languages {
		if p, ok := t.Part(base + "." + l); ok {
			cut[l] = word.Sentences(string(p.Content))
		}
		even = even && len(cut[l]) == len(cut[languages[0]])
	}
	if even {
		for i := range cut[languages[0]] {
			s := map[string]string{}
			for _, l := range languages {
				s[l] = cut[l][i]
			}
			out = append(out, s)
		}
		return out
	}
	for _, l := range languages {
		for _, s := range cut[l] {
			out = append(out, map[string]string{l: s})
		}
	}
	return out
}
