"""What stops the build of the site; the message says what to do."""


class SiteError(Exception):
    pass
