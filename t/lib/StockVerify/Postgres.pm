package StockVerify::Postgres;

# A PostgreSQL server of a test's own, behind a socket in a folder that goes with it. It runs as nobody's superuser:
# started by root it is Debian's postgres, which Debian's package makes.
#
#     my $postgres = StockVerify::Postgres->new;
#     $postgres->sql('CREATE TABLE items (...)');
#     $postgres->connection_string                for unixODBC
#     $postgres->pause; $postgres->cont; $postgres->crash; $postgres->start

use strict;
use warnings;
use File::Path ();
use File::Spec ();
use File::Temp ();
use StockVerify::Process;

sub new {
    my ($class) = @_;
    my ($initdb) = reverse sort glob '/usr/lib/postgresql/*/bin/initdb';
    die "PostgreSQL's server is not installed: scripts/deps test\n" unless $initdb;
    my $folder = File::Temp::tempdir('stockverify-postgresql-XXXXXX', DIR => File::Spec->tmpdir);
    my $self = bless { folder => $folder, bin => $initdb =~ s{/initdb$}{}r, owner => $$ }, $class;
    if ($> == 0) {
        my ($uid, $gid) = (getpwnam 'postgres')[2, 3];
        die "there is no user postgres\n" unless defined $uid;
        chown $uid, $gid, $folder or die "$folder: $!\n";
        $self->{as} = ['setpriv', "--reuid=$uid", "--regid=$gid", '--clear-groups'];
    }
    $self->run('initdb', '--pgdata', "$folder/data", qw(--username erp --auth trust --encoding UTF8 --locale C.UTF-8 --no-sync));
    $self->start;
    return $self;
}

sub run {
    my ($self, $program, @arguments) = @_;
    my $process = $self->spawn($program, @arguments);
    waitpid $process->{pid}, 0;
    die "$program failed:\n" . StockVerify::Process::tail("$self->{folder}/log", 20) if $?;
    return;
}

sub spawn {
    my ($self, $program, @arguments) = @_;
    return StockVerify::Process::spawn([@{ $self->{as} || [] }, "$self->{bin}/$program", @arguments], "$self->{folder}/log", directory => $self->{folder});
}

sub start {
    my ($self) = @_;
    $self->{server} = $self->spawn('postgres', '-D', "$self->{folder}/data", '-k', $self->{folder}, '-c', 'listen_addresses=');
    StockVerify::Process::wait_until(sub { system("$self->{bin}/pg_isready", qw(--quiet --host), $self->{folder}) == 0 }, 60)
        or die "PostgreSQL did not start:\n" . StockVerify::Process::tail("$self->{folder}/log", 20);
    return;
}

# Runs statements, all or none; the rows of the last, as psql prints them unaligned.
sub sql {
    my ($self, $text) = @_;
    my $file = File::Temp->new;
    binmode $file, ':encoding(UTF-8)';
    print {$file} $text;
    close $file or die "$file: $!\n";
    open my $out, '-|:encoding(UTF-8)', "$self->{bin}/psql", qw(--no-psqlrc --quiet --tuples-only --no-align --set ON_ERROR_STOP=1 --single-transaction
        --username erp --dbname postgres --host), $self->{folder}, '--file', "$file" or die "psql: $!\n";
    my @rows = <$out>;
    close $out or die "PostgreSQL refused: " . substr($text, 0, 200) . "\n";
    chomp @rows;
    return @rows;
}

# Rows are fetched by a cursor, as an ERP's many must be.
sub connection_string {
    my ($self) = @_;
    return "Driver={PostgreSQL Unicode};Server=$self->{folder};Port=5432;Database=postgres;Uid=erp;UseDeclareFetch=1;Fetch=500";
}

# Stops every process of the server in its tracks, as a hung machine is.
sub pause { return $_[0]->signal('STOP') }
sub cont  { return $_[0]->signal('CONT') }

# Backends lead process groups of their own: the server's children.
sub signal {
    my ($self, $signal) = @_;
    CORE::kill $signal, $self->{server}{pid}, StockVerify::Process::children($self->{server}{pid});
    return;
}

# Dead at once.
sub crash {
    my ($self) = @_;
    my @processes = ($self->{server}{pid}, StockVerify::Process::children($self->{server}{pid}));
    CORE::kill 'KILL', @processes;
    waitpid $self->{server}{pid}, 0;
    StockVerify::Process::wait_until(sub { !grep { CORE::kill 0, $_ } @processes }, 20);
    return;
}

sub DESTROY {
    my ($self) = @_;
    return if $self->{owner} != $$;
    local ($?, $@, $!);
    if ($self->{server}) {
        $self->cont;
        $self->crash;
    }
    File::Path::remove_tree($self->{folder});
    return;
}

1;
