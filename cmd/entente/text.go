package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"entente/api"
	"entente/record"
)

// day writes a date, moment a date with its time, span a period, all for people and in UTC.
func day(at int64) string    { return time.Unix(at, 0).UTC().Format(time.DateOnly) }
func moment(at int64) string { return time.Unix(at, 0).UTC().Format("2006-01-02 15:04 UTC") }

func span(seconds int64) string {
	if seconds%86400 == 0 {
		return fmt.Sprintf("%d days", seconds/86400)
	}
	return (time.Duration(seconds) * time.Second).String()
}

func progressText(w io.Writer, p *api.Progress) {
	if p.Sealed != nil {
		fmt.Fprintf(w, "On record as %s\nid         %s\ninstrument %s\n", p.Sealed.Ref, p.Sealed.ID, p.Sealed.Instrument)
		return
	}
	draftText(w, *p.Draft)
}

func draftText(w io.Writer, d api.Draft) {
	fmt.Fprintf(w, "Draft %s: %s %s, not on record yet: %s\n", d.Nonce, d.Header.Kind, d.Header.Verb, strings.Join(d.Missing, "; "))
	for _, x := range d.Header.Approvals {
		fmt.Fprintf(w, "  signed by %s/%d\n", x.Office, x.Seat)
	}
	if len(d.Uncleared) > 0 {
		fmt.Fprintf(w, "  entente clearance ask %s\n", d.Nonce.String()[:8])
		return
	}
	fmt.Fprintf(w, "  entente sign %s --seat OFFICE/NUMBER\n", d.Nonce.String()[:8])
}

// clean keeps what another party wrote from steering the terminal.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\r' || record.Unseen(r) {
			return '�'
		}
		return r
	}, s)
}
