package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"entente"
	"entente/figures"
	"entente/node"
	"entente/record"
)

// agencyFile is the agency's file as published, or one of its form and size where that is not here.
func agencyFile() ([]byte, string, error) {
	dir := os.Getenv("ENTENTE_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "data")
	}
	b, err := os.ReadFile(filepath.Join(dir, "agency", "cbp_nationwide-drugs-fy23-fy26-apr.csv"))
	if !errors.Is(err, fs.ErrNotExist) {
		return b, "the CBP file", err
	}
	var out strings.Builder
	out.WriteString("FY,Month (abbv),Component,Region,Land Filter,Area of Responsibility,Drug Type,Count of Event,Sum Qty (lbs)\n")
	for i := range 8673 {
		fmt.Fprintf(&out, "%d,%s,U.S. Border Patrol,Southwest Border,Land Only,SECTOR %d,Fentanyl,%d,%d.439003061258\n", 2010+i/12%14, []string{"OCT", "NOV", "DEC", "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP"}[i%12], i/168, i, i)
	}
	return []byte(out.String()), "a file of CBP's form", nil
}

// imports measures an agency's file from its bytes to a record that is signed and durable: read, mapped, held against what is on
// record, drafted, signed, sealed. Every row is a figure.
func imports(ctx context.Context, r *report, dir string, rounds int) error {
	p, err := newPair(ctx, filepath.Join(dir, "figures"))
	if err != nil {
		return err
	}
	defer func() { _ = p.close() }()
	file, what, err := agencyFile()
	if err != nil {
		return err
	}
	m, ok := figures.Named("cbp-fentanyl-weight")
	if !ok {
		return errors.New("no such mapping")
	}
	m.Filters = nil
	n, who := p.nodes["US"], node.Caller{Office: "desk", Via: "bench"}
	var first, again []float64
	for i := range rounds + 1 {
		terms, err := json.Marshal(entente.Indicator{Code: "weight-" + strconv.Itoa(i), Unit: "lb", Direction: "context", Period: "month"})
		if err != nil {
			return err
		}
		text := func(name string) node.NewPart { return node.NewPart{Name: name, Content: []byte("Weight")} }
		d, err := n.Prepare(ctx, who, node.Act{Group: p.group, Kind: "indicator", Verb: record.Propose, Terms: terms, Parts: []node.NewPart{text("title.en"), text("title.es"), text("body.en"), text("body.es")}})
		if err != nil {
			return err
		}
		s, err := p.signed(ctx, "US", d)
		if err != nil {
			return err
		}
		q := node.FigureImport{Group: p.group, Indicator: s.ID, Mapping: m}
		began := time.Now()
		read, err := n.ReadFigures(ctx, who, q, bytes.NewReader(file), int64(len(file)), nil)
		if err != nil {
			return err
		}
		ds, err := n.DraftFigures(ctx, who, q, read.Change.Take)
		if err != nil {
			return err
		}
		for _, d := range ds {
			if _, err := p.signed(ctx, "US", d); err != nil {
				return err
			}
		}
		took := time.Since(began)
		if read.Refused() > 0 || read.Change.Added != read.Reading.Rows {
			return fmt.Errorf("%d of %d rows were taken, refused %v", read.Change.Added, read.Reading.Rows, read.Reading.Refused)
		}
		began = time.Now()
		if read, err = n.ReadFigures(ctx, who, q, bytes.NewReader(file), int64(len(file)), nil); err != nil {
			return err
		}
		if read.Change.Unchanged != read.Reading.Rows {
			return fmt.Errorf("the same file again: %d of %d rows are unchanged", read.Change.Unchanged, read.Reading.Rows)
		}
		if i > 0 {
			first, again = append(first, float64(read.Reading.Rows)/took.Minutes()), append(again, float64(read.Reading.Rows)/time.Since(began).Minutes())
		}
	}
	r.add("import of "+what+", signed and durable", "rows/min", ">= 100000", first...)
	r.add("the same file again, nothing new", "rows/min", ">= 100000", again...)
	return nil
}

// signed has the desk's one seat sign a draft.
func (p *pair) signed(ctx context.Context, party record.Party, d *node.Draft) (*node.Sealed, error) {
	d.Sign(record.Approve(d.Act, party, "desk", 1, time.Now().Unix(), p.seats[party]))
	return p.nodes[party].Seal(ctx, node.Caller{Office: "desk", Via: "bench"}, d)
}
