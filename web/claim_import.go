package web

import (
	"net/http"
	"slices"
	"strings"

	"entente"
	"entente/node"
	"entente/record"
)

// importedClaims is the form for a file of claims, and what became of each.
type importedClaims struct {
	Form *form
	Done bool
	Rows []importedClaim
}

type importedClaim struct {
	Quote string
	Href  string // where it is kept; empty: left out
	Known bool   // it was kept before
	Why   string
	Tied  string // name of the indicator
}

// importClaims keeps the claims of a file at home. One that is kept already, with the same words of the same office, is left alone.
func (w *Web) importClaims(r *request) (answer, error) {
	f, err := r.form(r.group.Href("claims", "import"), r.t("claim.import-go"), field{Name: "file", Control: controlFile, Label: r.t("claim.file"), Hint: r.t("claim.file-hint")})
	if err != nil {
		return nil, err
	}
	f.Back = r.group.Href("claims")
	b := &importedClaims{Form: f}
	p := page{name: "claim-import", title: r.t("claim.import"), nav: entente.ClaimKind, body: b}
	if r.Method != http.MethodPost {
		return p, nil
	}
	files, err := f.uploads("file")
	if err != nil {
		return nil, err
	}
	var rows []entente.ImportedClaim
	if len(files) > 0 {
		if rows, err = entente.ParseClaims(files[0].Content, r.group.Chart.IDs()); err != nil {
			f.wrong("file", "claim.file-wrong")
		}
	}
	if !f.ok() {
		return f.again(p), nil
	}
	infos, err := w.node.Claims(r.Context(), r.who, r.group.ID, record.ID{})
	if err != nil {
		return nil, err
	}
	list, err := w.node.Instruments(r.Context(), r.who, r.group.ID, node.Query{Kind: indicatorKind, Limit: indicatorsOffered})
	if err != nil {
		return nil, err
	}
	wants := titles(r.group, list.Items)
	for i := range infos {
		wants = append(wants, w.node.ClaimTexts(r.group.ID, &infos[i])...)
	}
	texts, err := w.read(r, wants)
	if err != nil {
		return nil, err
	}
	b.Done = true
	for _, x := range rows {
		row := importedClaim{Quote: x.Quote}
		var why []string
		for _, y := range x.Refused {
			why = append(why, w.languages[r.lang].why(y.Code, y.Values))
		}
		row.Why = strings.Join(why, " ")
		if i := slices.IndexFunc(list.Items, func(y node.Listed) bool {
			code := y.State.Fact("code")
			return code != "" && (code == x.Indicator || code == strings.ReplaceAll(x.Indicator, "_", "-"))
		}); i >= 0 {
			x.Claim.Indicator, row.Tied = list.Items[i].State.Instrument, texts.name(r, r.group, list.Items[i].State).Text
		}
		known := slices.IndexFunc(infos, func(c node.ClaimInfo) bool {
			return texts.texts.Quote(&c) == x.Quote && c.Claim.Office == x.Claim.Office
		})
		switch {
		case row.Why != "":
		case known >= 0:
			row.Known, row.Href = true, r.group.Href("claims", infos[known].ID.String())
		default:
			v, err := w.node.NoteClaim(r.Context(), r.who, r.group.ID, record.ID{}, node.NewClaim{Claim: &x.Claim, Quote: x.Quote})
			if err != nil {
				return nil, err
			}
			row.Href = r.group.Href("claims", v.ID.String())
		}
		b.Rows = append(b.Rows, row)
	}
	return p, nil
}
