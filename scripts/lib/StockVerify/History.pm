package StockVerify::History;

# What the demo data have behind them: counts that are approved, under review and going on, with variances, damage and a
# conflict, so that a newcomer's dashboard, analytics, review and reports show something. It is made as people make it, over
# HTTP, once for a run directory.

use strict;
use warnings;
use HTTP::Tiny;
use JSON::PP ();
use POSIX ();
use Time::HiRes 'sleep';

my $JSON = JSON::PP->new->utf8->canonical;
my ($DAY, $RACKS, $ACCEPTED_AT_ONCE) = (86_400, 3, 500);

sub make {
    my ($stack) = @_;
    my $mark = $stack->file('demo/counted');
    return if -e $mark || !-e $stack->file('demo/racks.csv');
    $stack->say('Counting some racks, for something to look at');
    my $begun = $stack->file('demo/counting');
    open my $out, '>', $begun or die "$begun: $!\n";
    my $self = bless { stack => $stack, url => $stack->state->{url}, http => HTTP::Tiny->new(timeout => 60) }, __PACKAGE__;
    $self->prepare;
    my @floors = @{ $self->{floors} };
    $self->approve($self->counted("$floors[0], last racks", 2, $self->racks_of($floors[0])));
    $self->approve($self->counted("$floors[1], last racks", 1, $self->racks_of($floors[1])));
    $self->review($self->counted("$floors[2], last racks", 0, $self->racks_of($floors[2]), conflict => 1));
    $self->go_on($floors[0]);
    $self->report;
    rename $begun, $mark or die "$mark: $!\n";
    return;
}

# ---- who and where

sub rows {
    my ($self, $name) = @_;
    open my $in, '<:encoding(UTF-8)', $self->{stack}->file("demo/$name.csv") or die "demo/$name.csv: $!\n";
    chomp(my @lines = <$in>);
    my @names = split /,/, shift @lines;
    # Texts with commas stand behind the columns that are read here, or in quotes.
    return map { my %row; my $line = $_; my @cells; push @cells, $1 // $2 while $line =~ /\G(?:"((?:[^"]|"")*)"|([^,]*))(?:,|$)/g && @cells < @names; @row{@names} = @cells; \%row } @lines;
}

sub prepare {
    my ($self) = @_;
    my @racks = $self->rows('racks');
    my $warehouse = $self->{warehouse} = $racks[0]{warehouse};
    # Racks have books of their own there, so that a part of the warehouse can be compared.
    $self->{stack}->run_tool(history => $self->{stack}->ctl_command(qw(warehouses set), $warehouse, qw(--rack-books yes --currency EUR)));
    push @{ $self->{racks}{ $_->{floor} } }, $_->{rack_id} for grep { $_->{warehouse} eq $warehouse } @racks;
    $self->{floors} = [sort keys %{ $self->{racks} }];
    $self->{serial}{ $_->{item_code} } = $_->{serial_tracked} eq 'true' for $self->rows('items');
    push @{ $self->{expected}{ $_->{rack_id} } }, $_ for $self->rows('expected');
    my @users = @{ $self->{stack}->state->{users} };
    $self->{mongo} = $self->{stack}->mongo;
    $self->{boss} = $self->login((grep { $_->{role} eq 'supervisor' && $_->{warehouse} eq $warehouse } @users)[0]);
    $self->{counters} = [map { $self->login($_) } (grep { $_->{role} eq 'staff' && $_->{warehouse} eq $warehouse } @users)[0 .. $RACKS - 1]];
    return;
}

sub login {
    my ($self, $user) = @_;
    return $self->call(undef, POST => '/api/auth/login', { username => $user->{username}, password => $user->{password} })->{access_token};
}

# From the end of the floor: README begins at its beginning.
sub racks_of { my ($self, $floor) = @_; return splice @{ $self->{racks}{$floor} }, -$RACKS }

sub call {
    my ($self, $token, $method, $path, $body, %headers) = @_;
    $headers{Authorization} = "Bearer $token" if defined $token;
    $headers{'Content-Type'} = 'application/json';
    my $answer = $self->{http}->request($method, "$self->{url}$path", { headers => \%headers, $body ? (content => $JSON->encode($body)) : () });
    die "$method $path: $answer->{status} $answer->{content}\n" unless $answer->{success};
    return $JSON->decode($answer->{content})->{data};
}

sub ask { my ($self, @call) = @_; return $self->call($self->{boss}, @call) }

sub wait_for {
    my ($self, $what, $is_there) = @_;
    for (1 .. 600) {
        return if $is_there->();
        sleep 0.1;
    }
    die "waited in vain for $what\n";
}

# ---- counting

sub opened {
    my ($self, $name, @racks) = @_;
    my $count = $self->ask(POST => '/api/sessions', { warehouse => $self->{warehouse}, racks => \@racks, name => $name })->{session_id};
    $self->wait_for("the book of $name", sub { $self->ask(GET => "/api/sessions/$count")->{book_state} eq 'frozen' });
    return $count;
}

# What a person finds of an item: as the books say, mostly.
sub record {
    my ($self, $session, $expected, $n, $at) = @_;
    my ($code, $book) = @{$expected}{qw(item_code book_qty)};
    my $serial = $self->{serial}{$code};
    my $found = $serial ? $book : $n % 5 == 1 ? $book + 1 + $n % 3 : $n % 7 == 2 && $book >= 4 ? $book - 2 : $book;
    my $damaged = !$serial && $n % 11 == 3 && $found >= 2;
    my $time = POSIX::strftime('%Y-%m-%dT%H:%M:%SZ', gmtime($at + 40 * $n));
    return {
        client_record_id => "demo-$session-$code", session_id => $session, item_code => $code, status => 'finalized', created_at => $time, updated_at => $time,
        verified_qty => 0 + ($damaged ? $found - 1 : $found), $damaged ? (damage_qty => 1) : (), $serial ? (serial_numbers => [map { "SN-$code-$_" } 1 .. $book]) : (),
    };
}

# Every rack by another person, some days ago by their phones.
sub counted {
    my ($self, $name, $days, @more) = @_;
    my @racks = splice @more, 0, $RACKS;
    my %option = @more;
    my $count = $self->opened($name, @racks);
    for my $n (0 .. $#racks) {
        my $token = $self->{counters}[ $n % @{ $self->{counters} } ];
        my $session = $self->call($token, POST => "/api/racks/$racks[$n]/claim", { count_id => $count })->{session_id};
        my $expected = $self->{expected}{ $racks[$n] } // [];
        my @records = map { $self->record($session, $expected->[$_], $_, time - $days * $DAY - 3_600 * ($n + 2)) } 0 .. $#$expected;
        # Somebody counted the same again, and their phone does not know which is right.
        my ($twice) = grep { !$_->{serial_numbers} } @records;
        push @records, { %$twice, client_record_id => "$twice->{client_record_id}-again", verified_qty => $twice->{verified_qty} + 3 } if $option{conflict} && $n == 0 && $twice;
        $self->call($token, POST => '/api/sync/batch', { records => \@records }) if @records;
        $self->call($token, POST => "/api/sessions/$session/complete", {});
    }
    $self->wait_for("the lines of $name", sub {
        my $states = $self->ask(GET => "/api/sessions/$count/review?limit=1")->{summary}{by_state};
        return $states->{counted} && !$states->{incomplete};
    });
    return $count;
}

sub settled {
    my ($self, $count) = @_;
    $self->wait_for("the totals of $count", sub { !$self->{mongo}->count('touched_items', { count_id => $count }) });
    return;
}

sub undecided { my ($self, $count) = @_; return @{ $self->ask(GET => "/api/sessions/$count/review?state=undecided&limit=$ACCEPTED_AT_ONCE")->{items} } }

sub accept {
    my ($self, $count, @lines) = @_;
    $self->ask(POST => "/api/sessions/$count/review/accept", { lines => [map { { item_code => $_->{item_code}, version => $_->{version} } } @lines], note => 'Looked at' }) if @lines;
    return;
}

sub approve {
    my ($self, $count) = @_;
    $self->ask(POST => '/api/sessions/bulk/reconcile', { session_ids => [$count] });
    # A line that is derived once more after it was accepted is looked at once more. What is being derived is waited for: the server
    # leaves it to the approval's job, which then would fail, and be what the health page shows.
    $self->wait_for("the approval of $count", sub {
        $self->settled($count);
        $self->accept($count, $self->undecided($count));
        $self->settled($count);
        eval { $self->ask(POST => "/api/sessions/$count/approve", { note => 'Demo' }, Prefer => 'wait=30'); 1 } or $@ =~ /"(?:undecided|conflict_state)"/ or die $@;
        return $self->ask(GET => "/api/sessions/$count")->{status} eq 'APPROVED';
    });
    return;
}

# Half of it is decided; the rest, and the conflict, wait for who looks.
sub review {
    my ($self, $count) = @_;
    $self->ask(POST => '/api/sessions/bulk/reconcile', { session_ids => [$count] });
    my @lines = grep { !$_->{conflicts} } $self->undecided($count);
    $self->accept($count, @lines[0 .. $#lines / 2]) if @lines;
    return;
}

# One that is open, with somebody on a rack.
sub go_on {
    my ($self, $floor) = @_;
    my @racks = $self->racks_of($floor);
    my $count = $self->opened("$floor, racks before those", @racks);
    my $token = $self->{counters}[-1];
    my $session = $self->call($token, POST => "/api/racks/$racks[0]/claim", { count_id => $count })->{session_id};
    my @expected = @{ $self->{expected}{ $racks[0] } // [] };
    $self->call($token, POST => '/api/sync/batch', { records => [map { $self->record($session, $expected[$_], $_, time - 600) } 0 .. $#expected / 2] }) if @expected;
    return;
}

sub report {
    my ($self) = @_;
    my $query = { collection => 'verification_records', group_by => [qw(floor item_category)], aggregations => [{ op => 'count' }] };
    $self->ask(POST => '/api/reports/queries', { name => 'Records by floor and category', query => $query });
    $self->ask(POST => '/api/reports/snapshots', { name => 'Records by floor and category', query => $query, tags => ['demo'] });
    return;
}

1;
