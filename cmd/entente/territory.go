package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"entente/node"
	"entente/record"
	"entente/territory"
)

type whereCmd struct {
	Lat      string `help:"Latitude of a point in decimal degrees, north positive." placeholder:"DEGREES"`
	Lon      string `help:"Longitude, east positive." placeholder:"DEGREES"`
	RadiusM  int64  `name:"radius-m" help:"Metres around the point." placeholder:"METRES"`
	Geojson  string `name:"geojson" help:"GeoJSON file of an area: points, lines, polygons; - reads stdin." placeholder:"FILE"`
	Kml      string `name:"kml" help:"KML file of an area." placeholder:"FILE"`
	Boundary string `help:"Boundary file. Without it: the one of the node's folder, else mx-us.boundary beside the program." env:"ENTENTE_BOUNDARY" placeholder:"FILE" type:"path"`
}

func (whereCmd) Help() string {
	return `Says in whose territory (land and territorial sea) an area lies, as every node computes it: hosts, whose consent an action there
needs; notified, who are within the band of the data; and how far each party is. It needs no node. With --json:

  {"hosts":["MX"],"notified":["US"],"parties":[{"party":"MX","distance_m":0,"relation":"inside"},
   {"party":"US","distance_m":812,"relation":"band"}],"where":"land","dataset":"…","band_m":2000}

relation is inside, band or outside; where is land, sea, third_state or high_seas.

Examples:
  entente territory --lat 32.5438 --lon=-116.9729
  entente territory --lat 32.5438 --lon=-116.9729 --radius-m 500 --json
  entente territory --geojson tunnel.geojson --json`
}

func (c *whereCmd) Run(a *app) error {
	area, err := c.area(a)
	if err != nil {
		return err
	}
	b, err := a.boundary(c.Boundary)
	if err != nil {
		return err
	}
	answer := b.Answer(area)
	return a.print(answer, func(w io.Writer) { territoryText(w, b, answer) })
}

func (c *whereCmd) area(a *app) (territory.Area, error) {
	var none territory.Area
	switch point := c.Lat != "" || c.Lon != ""; {
	case point && (c.Geojson != "" || c.Kml != "") || c.Geojson != "" && c.Kml != "":
		return none, usage("give one of --lat with --lon, --geojson, --kml")
	case point:
		p, err := territory.ParsePosition(c.Lat, c.Lon)
		if err != nil {
			return none, usage("%w", err)
		}
		area := territory.At(p, c.RadiusM)
		return area, area.Check()
	case c.Geojson != "":
		b, err := a.file(c.Geojson, territory.MaxInput)
		if err != nil {
			return none, err
		}
		return territory.ParseGeoJSON(b)
	case c.Kml != "":
		b, err := a.file(c.Kml, territory.MaxInput)
		if err != nil {
			return none, err
		}
		return territory.ParseKML(b, c.RadiusM)
	}
	return none, usage("give --lat and --lon, or --geojson, or --kml")
}

// file reads a file of bounded size; - is stdin.
func (a *app) file(name string, limit int64) ([]byte, error) {
	in := a.in
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	return io.ReadAll(io.LimitReader(in, limit+1)) // the parser refuses what is longer
}

// boundary reads the boundary file named, or the one that is at hand.
func (a *app) boundary(name string) (*territory.Boundary, error) {
	names := []string{name}
	if name == "" {
		in, err := filepath.Glob(filepath.Join(a.flags.Dir, node.BoundaryFolder, "*.boundary"))
		if err != nil {
			return nil, err
		}
		if len(in) > 1 {
			return nil, usage("%s holds several boundary files: name one with --boundary", filepath.Join(a.flags.Dir, node.BoundaryFolder))
		}
		names = append(in, besideProgram()...)
	}
	for _, n := range names {
		f, err := os.ReadFile(n)
		if errors.Is(err, fs.ErrNotExist) && name == "" {
			continue
		}
		if err != nil {
			return nil, err
		}
		b, err := territory.Parse(f)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", n, err)
		}
		return b, nil
	}
	return nil, hint(fmt.Errorf("no boundary file: %w", fs.ErrNotExist), "make one with make boundary or entente boundaries build, and name it with --boundary")
}

// boundaryFor finds boundary data for whoever verifies: it is read when it is first asked for. A file that is missing or of another
// digest is not at hand, which the verdict says.
func (a *app) boundaryFor(name string) func(record.ID) *territory.Boundary {
	once := sync.OnceValue(func() *territory.Boundary {
		b, err := a.boundary(name)
		if err != nil {
			a.say("%s", err)
		}
		return b
	})
	return func(digest record.ID) *territory.Boundary {
		if b := once(); b != nil && record.ID(b.Digest()) == digest {
			return b
		}
		return nil
	}
}

// besideProgram is where make puts the example's boundary file.
func besideProgram() []string {
	exe, err := os.Executable()
	if err != nil {
		return nil
	}
	return []string{filepath.Join(filepath.Dir(exe), "mx-us.boundary")}
}

// accuracy is what a reader must know beside every answer.
func accuracy(b *territory.Boundary) string {
	return fmt.Sprintf("Data: %s (%s), %s. Licence: %s. Who comes within %d m is notified, because the data err.\nIt shows no position of any party on a boundary.", b.Source, b.Date, b.Attribution, b.Licence, b.BandM)
}

func territoryText(w io.Writer, b *territory.Boundary, x territory.Answer) {
	switch x.Where {
	case territory.HighSeas:
		fmt.Fprintln(w, "In no state's territory.")
	case territory.ThirdState:
		fmt.Fprintln(w, "In, or reaching into, a state that is no party: an action there never comes into force.")
	}
	for _, p := range x.Parties {
		switch p.Relation {
		case territory.Inside:
			fmt.Fprintf(w, "%s: takes place there; it is a host.\n", p.Party)
		case territory.Band:
			fmt.Fprintf(w, "%s: %d m away; it is notified.\n", p.Party, p.DistanceM)
		default:
			fmt.Fprintf(w, "%s: %d m away.\n", p.Party, p.DistanceM)
		}
	}
	fmt.Fprintln(w, accuracy(b))
}

type boundsCmd struct {
	Build boundariesBuild `cmd:"" help:"Make a boundary file from GeoJSON."`
	Show  boundariesShow  `cmd:"" help:"What a boundary file says of itself, and its digest."`
}

type boundariesBuild struct {
	Countries   string   `help:"GeoJSON: a feature per country, of its land and territorial sea." required:"" placeholder:"FILE" type:"path"`
	Land        string   `help:"GeoJSON of land, likewise; it only tells land from sea." placeholder:"FILE" type:"path"`
	Property    string   `help:"Property of a feature that names its country." default:"A3"`
	Party       []string `help:"PARTY=COUNTRY, or several with + between; repeat." required:"" placeholder:"MX=MEX"`
	Name        string   `help:"Name of the boundary." required:""`
	Source      string   `help:"Data set and version." required:""`
	Date        string   `help:"Date of the data." required:""`
	Licence     string   `help:"Licence of the data." required:""`
	Attribution string   `help:"Attribution, as the licence wants it." required:""`
	BandM       int64    `name:"band-m" help:"Metres within which a party is notified: at least the error of the data." default:"2000"`
	Out         string   `help:"File to write." required:"" placeholder:"FILE" type:"path"`
}

func (boundariesBuild) Help() string {
	return `Covers each party's territory with S2 cells and writes one file. A charter names it by its SHA-256, which is printed; every node
of the group needs the same file, in DIR/boundaries. Countries that are given to no party are "third states". Several countries of
one party may overlap.

Example:
  entente boundaries build --countries countries.geojson --party MX=MEX --party US=USA+PRI+GUM --name "MX-US 2025" \
    --source "geo-maps 0.6.0" --date 2025 --licence "ODbL 1.0" --attribution "© OpenStreetMap contributors" --out mx-us.boundary`
}

// boundaryInfo is a boundary file as shown.
type boundaryInfo struct {
	territory.Info
	Digest string `json:"digest"`
	Bytes  int    `json:"bytes"`
}

func (c *boundariesBuild) Run(a *app) error {
	s := territory.Source{Property: c.Property, Codes: map[string][]string{},
		Info: territory.Info{Name: c.Name, Source: c.Source, Date: c.Date, Licence: c.Licence, Attribution: c.Attribution, BandM: c.BandM}}
	for _, p := range c.Party {
		name, codes, err := pair("party", p)
		if err != nil {
			return err
		}
		s.Codes[name] = append(s.Codes[name], strings.Split(codes, "+")...)
	}
	f, err := os.Open(c.Countries)
	if err != nil {
		return err
	}
	defer f.Close()
	s.Countries = f
	if c.Land != "" {
		l, err := os.Open(c.Land)
		if err != nil {
			return err
		}
		defer l.Close()
		s.Land = l
	}
	step, end := a.progress("boundaries")
	n, steps := uint64(0), uint64(5+2*len(s.Codes))
	s.Progress = func(string) { n++; step(min(n, steps), steps) }
	b, err := territory.Build(s)
	end()
	if err != nil {
		return err
	}
	if err := os.WriteFile(c.Out, b, 0o644); err != nil {
		return err
	}
	return a.showBoundary(b)
}

func (a *app) showBoundary(file []byte) error {
	b, err := territory.Parse(file)
	if err != nil {
		return err
	}
	x := boundaryInfo{b.Info, b.Hex(), len(file)}
	return a.print(x, func(w io.Writer) {
		fmt.Fprintf(w, "%s: %s\n%s\nDigest (SHA-256): %s, %d bytes\n", b.Name, strings.Join(b.Parties, ", "), accuracy(b), x.Digest, x.Bytes)
	})
}

type boundariesShow struct {
	File string `arg:"" help:"Boundary file." type:"path"`
}

func (c *boundariesShow) Run(a *app) error {
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, territory.MaxFile+1))
	if err != nil {
		return err
	}
	return a.showBoundary(b)
}
